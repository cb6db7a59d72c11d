"""The development split's noise: what the engine was written with in view."""

import re
import unicodedata
from random import Random

from .noise import Company, Noise, NoMatch

DIGITS = "0123456789"


def _parts(number: str) -> list[str]:
    return re.split(r"[^A-Za-z0-9]+", number)


def _spaces(number: str, _rng: Random) -> str:
    return " ".join(_parts(number))


def _spaced_signs(number: str, _rng: Random) -> str:
    return " - ".join(_parts(number))


def _together(number: str, _rng: Random) -> str:
    return "".join(_parts(number))


def _prefix_lost(number: str, _rng: Random) -> str:
    return re.sub(r"^[A-Za-z]+[^A-Za-z0-9]*", "", number)


def _zeros_stripped(number: str, _rng: Random) -> str:
    *first, last = _parts(number)
    return "/".join([*first, re.sub(r"^([A-Za-z]*)0+", r"\1", last)])


def _prefix_lost_zeros_stripped(number: str, rng: Random) -> str:
    return _zeros_stripped(_prefix_lost(number, rng), rng)


def _last_digits(number: str, rng: Random) -> str:
    return rng.choice(("Nr. ", "No ", "")) + re.sub(r"\D", "", _parts(number)[-1])


def _other_prefix(number: str, rng: Random) -> str:
    return rng.choice(("RE", "Rg.", "fatt", "Facture ")) + _prefix_lost(number, rng)


def _wrong_digit(number: str, rng: Random) -> str:
    places = [at for at, character in enumerate(number) if character.isdigit()][-6:]
    at = rng.choice(places)
    return number[:at] + rng.choice([digit for digit in DIGITS if digit != number[at]]) + number[at + 1 :]


def _lost_digit(number: str, rng: Random) -> str:
    at = rng.choice([at for at, character in enumerate(number) if character.isdigit()][-6:])
    return number[:at] + number[at + 1 :]


def _more_digit(number: str, rng: Random) -> str:
    at = rng.choice([at for at, character in enumerate(number) if character.isdigit()][-6:])
    return number[:at] + rng.choice(DIGITS) + number[at:]


def _swapped_digits(number: str, rng: Random) -> str:
    places = [at for at in range(len(number) - 1) if number[at : at + 2].isdigit() and number[at] != number[at + 1]]
    if not places:
        return _wrong_digit(number, rng)
    at = rng.choice(places)
    return number[:at] + number[at + 1] + number[at] + number[at + 2 :]


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    return "".join(character for character in folded if not unicodedata.combining(character))


def _capitals(name: str, _rng: Random) -> str:
    return _plain(name).upper()


def _cut(name: str, rng: Random) -> str:
    return name[: rng.choice((25, 30, 35))].strip()


def _umlauts_out(name: str, _rng: Random) -> str:
    pairs = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "AE"), ("Ö", "OE"), ("Ü", "UE"), ("ß", "ss"))
    for letter, spelled in pairs:
        name = name.replace(letter, spelled)
    return _plain(name)


def _form_dropped(name: str, _rng: Random) -> str:
    return re.sub(r" (GmbH|UG|AG|KG|OHG|GbR|SARL|SAS|SA|S\.r\.l\.|S\.p\.A\.|S\.n\.c\.)$", "", name)


def _form_dropped_capitals(name: str, rng: Random) -> str:
    return _capitals(_form_dropped(name, rng), rng)


NOISE = Noise(
    companies=(
        Company("de", "Isartaler Werkzeugbau GmbH", "de", "RG/2026/{seq:05d}", "RGUTS/2026/{seq:05d}", "DE", "RF"),
        Company(
            "fr", "Ateliers du Rhône SAS", "fr", "FAC/2026/{month:02d}/{seq:04d}", "AVO/2026/{seq:04d}", "FR", "RF"
        ),
        Company("it", "Officine Lombarde S.r.l.", "it", "2026/FV/{seq:04d}", "2026/NC/{seq:04d}", "IT", "CH"),
    ),
    people=(
        "Schreinerei Huber",
        "Metzgerei Lang",
        "Blumenhaus Röschen",
        "Bräu am Tor",
        "Zimmerei Obermüller",
        "Sägewerk Thalhammer",
        "Optik Weißenburg",
        "Café Glückspilz",
        "Dachdeckerei Schäfer",
        "Foto Jäger",
        "Baumarkt Isarau",
        "Musikhaus Tölz",
        "Steuerberatung Kraus",
        "Taxi Fröhlich",
        "Hausverwaltung Brückner",
        "Fromagerie Bellecour",
        "Cordonnerie Poulain",
        "Serrurerie Gauthier",
        "Boucherie Prévost",
        "Café de la Gare",
        "Agence Lumen",
        "Carrelage Benoît",
        "Ébénisterie Chabert",
        "Vignobles Dauphin",
        "Clinique Sainte-Marie",
        "Studio Graphique Mirabelle",
        "Peinture Colin",
        "Auberge du Lac",
        "Location Rivière",
        "Fonderie Lacroix",
        "Trattoria Bellavista",
        "Falegnameria Rossi",
        "Officina Ferrari",
        "Panificio Grano d'Oro",
        "Cantina Valpolcella",
        "Studio Legale Conti",
        "Edilizia Marchetti",
        "Tipografia Moderna",
        "Agriturismo Le Querce",
        "Farmacia San Carlo",
        "Ceramiche Ligabue",
        "Idraulica Esposito",
        "Gioielleria Perla",
        "Autotrasporti Galli",
        "Vetreria Murano",
        "Seeblick Hotelbetriebe",
        "Donau Pumpentechnik",
        "Voralpen Energie",
        "Kristall Reinigung",
        "Phönix Verlag",
        "Weber",
        "Weber Bau",
        "Rossi",
        "Rossi Impianti",
        "Dupont",
        "Dupont Frères",
        "Bauer",
        "Bauer & Kollegen",
    ),
    legal_forms={
        "de": ("GmbH", "UG", "AG", "KG", "OHG", "GbR", ""),
        "fr": ("SARL", "SAS", "SA", ""),
        "it": ("S.r.l.", "S.p.A.", "S.n.c.", ""),
    },
    vendor_numbers=(
        "{year}-{seq:05d}",
        "RE-{seq:06d}",
        "L{seq:06d}",
        "{seq:06d}",
        "Inv {year}/{seq:04d}",
        "{month:02d}/{seq:05d}",
        "KR{year}{seq:05d}",
        "FT {seq:04d}/{year}",
    ),
    reference={
        "de": ("{n}", "Rechnung {n}", "RG {n} vom 5.10.2026", "Zahlung {n}", "EREF+{n}", "{n} KD 4711", "Rg.Nr. {n}"),
        "fr": ("{n}", "Facture {n}", "paiement {n}", "Fact {n} du 12.10.2026", "VIREMENT {n}"),
        "it": ("{n}", "Fattura {n}", "saldo fatt. {n}", "Pagamento ft {n} del 05/10/2026", "BONIFICO {n}"),
    },
    disguises=(
        _spaces,
        _spaced_signs,
        _together,
        _prefix_lost,
        _zeros_stripped,
        _prefix_lost_zeros_stripped,
        _last_digits,
        _other_prefix,
    ),
    typos=(_wrong_digit, _lost_digit, _more_digit, _swapped_digits),
    structured={
        "de": ("{ref}", "Referenz {ref}"),
        "fr": ("{ref}", "Référence {ref}"),
        "it": ("{ref}", "Rif. {ref}"),
    },
    no_reference={
        "de": ("", "Vielen Dank", "Zahlungseingang", "Ihre Lieferung", "September"),
        "fr": ("", "Merci beaucoup", "Paiement", "Votre livraison"),
        "it": ("", "Grazie", "Bonifico", "Saldo"),
    },
    names=(_capitals, _cut, _umlauts_out, _form_dropped, _form_dropped_capitals),
    listing={
        "de": ("{all}", "Rechnungen: {all}", "Zahlung {all}"),
        "fr": ("{all}", "Factures {all}", "Paiement {all}"),
        "it": ("{all}", "Fatture {all}", "Saldo {all}"),
    },
    joins={
        "de": (", ", " und ", " + ", "/ "),
        "fr": (", ", " et ", " + "),
        "it": (", ", " e ", " + "),
    },
    ranges={
        "de": ("{first} - {last}", "Rg {first} bis {last}"),
        "fr": ("{first} - {last}", "{first} à {last}"),
        "it": ("{first} - {last}", "da {first} a {last}"),
    },
    part={
        "de": ("Anzahlung {n}", "Rate 1 {n}", "{n}", "Teilzahlung {n}"),
        "fr": ("Acompte sur {n}", "{n}", "Échéance 1 {n}"),
        "it": ("Acconto {n}", "{n}", "Rata 1 {n}"),
    },
    discount={
        "de": ("{n} abzgl. 2% Skonto", "{n}", "{n} Skonto"),
        "fr": ("{n} escompte", "{n}"),
        "it": ("{n} sconto cassa", "{n}"),
    },
    fee={
        "de": ("{n}", "{n} Gebuehren abgezogen"),
        "fr": ("{n}", "{n} moins frais bancaires"),
        "it": ("{n}", "{n} spese"),
    },
    overpaid={"de": ("{n}", "{n} inkl. Trinkgeld"), "fr": ("{n}",), "it": ("{n}",)},
    twice={"de": ("{n}",), "fr": ("{n}",), "it": ("{n}",)},
    third_party={
        "de": ("{n}", "{n} im Auftrag {name}"),
        "fr": ("{n}", "{n} pour {name}"),
        "it": ("{n}", "{n} per conto {name}"),
    },
    psp=(
        ("Stripe Payments Europe", "STRIPE {all}"),
        ("GoCardless Ltd", "GC {all}"),
        ("Mollie B.V.", "Mollie payout {all}"),
    ),
    psp_silent=(("Stripe Payments Europe", "STRIPE PAYOUT {digits}"), ("Mollie B.V.", "Settlement {digits}")),
    credit={
        "de": ("{all} abzgl. Gutschrift {credit}", "{all} - {credit}"),
        "fr": ("{all} - avoir {credit}", "{all} {credit}"),
        "it": ("{all} meno NC {credit}", "{all} - {credit}"),
    },
    credit_silent={
        "de": ("{all}", "{all} minus Gutschrift"),
        "fr": ("{all}", "{all} moins avoir"),
        "it": ("{all}", "{all} meno nota credito"),
    },
    bulk={"de": ("Rechnungen {all}",), "fr": ("Factures {all}",), "it": ("Fatture {all}",)},
    bulk_silent={
        "de": ("Sammelauftrag {count} Zahlungen",),
        "fr": ("Virement groupé {count}",),
        "it": ("Distinta {count} bonifici",),
    },
    returned={
        "de": ("RETOURE {n}", "Rueckgabe {n} Konto geschlossen"),
        "fr": ("RETOUR VIREMENT {n}", "Virement rejeté {n} {name}"),
        "it": ("STORNO BONIFICO {n}", "Bonifico respinto {n}"),
    },
    order={
        "de": ("Ihr Auftrag {order}", "Bestell-Nr. {order}"),
        "fr": ("Votre commande {order}", "CMD {order}"),
        "it": ("Ordine {order}", "Ord. {order}"),
    },
    traps={
        "de": ("Telefon 089{digits}", "Kundennummer {digits}3", "Konto 5{digits}"),
        "fr": ("Tel 04{digits}", "N° client {digits}2"),
        "it": ("Tel 02{digits}", "Cod. cliente 8{digits}"),
    },
    short={"de": ("Raum {short}", "Box {short}"), "fr": ("Salle {short}",), "it": ("Stanza {short}",)},
    quoted={
        "de": ("urspruenglich {amount} EUR", "von {amount} Euro"),
        "fr": ("sur {amount} EUR",),
        "it": ("su {amount} EUR",),
    },
    no_match={
        "de": (
            NoMatch("Qonto", "Gebühren {month}", "qonto_fee", 9, 49),
            NoMatch("Finanzamt München", "Umsatzsteuer {month} {digits}", "direct_debit", 300, 9000),
            NoMatch("AOK Bayern", "Beitrag {month}", "direct_debit", 400, 6000),
            NoMatch("Thomas Eder", "Gehalt {month}", "transfer", 1400, 4200),
            NoMatch("SHELL 0417", "Karte {digits}", "card", 20, 140),
            NoMatch("REWE Markt", "", "card", 8, 300),
            NoMatch("Isartaler Werkzeugbau GmbH", "Umbuchung", "transfer", 500, 20000),
            NoMatch("Isartaler Werkzeugbau GmbH", "Umbuchung", "income", 500, 20000, "credit"),
            NoMatch("Allianz", "Versicherung {digits}", "direct_debit", 40, 600),
            NoMatch("Finanzamt München", "Erstattung", "income", 100, 4000, "credit"),
        ),
        "fr": (
            NoMatch("Qonto", "Frais {month}", "qonto_fee", 9, 49),
            NoMatch("Impôts", "TVA {month}", "direct_debit", 200, 8000),
            NoMatch("URSSAF Rhône-Alpes", "{digits}", "direct_debit", 300, 5000),
            NoMatch("Paul Mercier", "Paie {month}", "transfer", 1500, 3500),
            NoMatch("TOTAL ENERGIES", "CB {digits}", "card", 20, 150),
            NoMatch("FNAC", "CB", "card", 10, 400),
            NoMatch("Ateliers du Rhône SAS", "Transfert", "transfer", 500, 15000),
            NoMatch("Ateliers du Rhône SAS", "Transfert", "income", 500, 15000, "credit"),
            NoMatch("AXA", "Contrat {digits}", "direct_debit", 50, 700),
        ),
        "it": (
            NoMatch("Qonto", "Canone {month}", "qonto_fee", 9, 49),
            NoMatch("Agenzia delle Entrate", "F24 {digits}", "direct_debit", 200, 8000),
            NoMatch("INPS", "Contributi {month}", "direct_debit", 300, 5000),
            NoMatch("Giulia Ricci", "Stipendio {month}", "transfer", 1200, 3000),
            NoMatch("ENI STATION", "{digits}", "card", 20, 130),
            NoMatch("ESSELUNGA", "", "card", 10, 220),
            NoMatch("Officine Lombarde S.r.l.", "Giroconto", "transfer", 500, 15000),
            NoMatch("Officine Lombarde S.r.l.", "Giroconto", "income", 500, 15000, "credit"),
            NoMatch("Generali", "Polizza {digits}", "direct_debit", 50, 700),
        ),
    },
)
