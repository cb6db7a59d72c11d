"""The test split's noise. Committed before the engine's work began; the engine is not tuned on it."""

import re
import unicodedata
from random import Random

from .noise import Company, Noise, NoMatch


def _groups(number: str) -> list[str]:
    return re.findall(r"[A-Za-z]+|\d+", number)


def _blanks(number: str, _rng: Random) -> str:
    return " ".join(_groups(number))


def _glued_lower(number: str, _rng: Random) -> str:
    return "".join(_groups(number)).lower()


def _digits_only(number: str, rng: Random) -> str:
    return rng.choice((" ", "", ".", "/")).join(group for group in _groups(number) if group.isdigit())


def _no_zeros(number: str, _rng: Random) -> str:
    return re.sub(r"(?<!\d)0+(?=\d)", "", number)


def _no_zeros_dashes(number: str, _rng: Random) -> str:
    return "-".join(group.lstrip("0") or "0" for group in _groups(number))


def _last_part(number: str, rng: Random) -> str:
    return rng.choice(("#", "n ", "Nr", "")) + _groups(number)[-1]


def _last_part_bare(number: str, _rng: Random) -> str:
    return _groups(number)[-1].lstrip("0")


def _wrapped(number: str, rng: Random) -> str:
    """The bank breaks the line after a fixed width, in the middle of the number."""
    at = rng.randrange(2, len(number) - 1)
    return f"{number[:at]} {number[at:]}"


def _slashes(number: str, _rng: Random) -> str:
    return "/".join(_groups(number))


def _last_digit_pressed_next(number: str, _rng: Random) -> str:
    near = dict(zip("0123456789", "9234567890", strict=True))
    return number[:-1] + near.get(number[-1], "0")


def _middle_digit_wrong(number: str, rng: Random) -> str:
    at = rng.choice([at for at, character in enumerate(number) if character.isdigit()])
    return number[:at] + rng.choice([digit for digit in "0123456789" if digit != number[at]]) + number[at + 1 :]


def _digit_doubled(number: str, rng: Random) -> str:
    at = rng.choice([at for at, character in enumerate(number) if character.isdigit()])
    return number[:at] + number[at] + number[at:]


def _digit_lost(number: str, rng: Random) -> str:
    at = rng.choice([at for at, character in enumerate(number) if character.isdigit()])
    return number[:at] + number[at + 1 :]


def _letter_for_digit(number: str, rng: Random) -> str:
    places = [at for at, character in enumerate(number) if character in "0158"]
    if not places:
        return _middle_digit_wrong(number, rng)
    at = rng.choice(places)
    return number[:at] + {"0": "O", "1": "I", "5": "S", "8": "B"}[number[at]] + number[at + 1 :]


def _swapped(number: str, rng: Random) -> str:
    places = [at for at in range(len(number) - 1) if number[at : at + 2].isdigit() and number[at] != number[at + 1]]
    if not places:
        return _middle_digit_wrong(number, rng)
    at = rng.choice(places)
    return number[:at] + number[at + 1] + number[at] + number[at + 2 :]


def _ascii(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    return "".join(character for character in folded if not unicodedata.combining(character))


def _capitals_cut(name: str, rng: Random) -> str:
    return _ascii(name).upper()[: rng.choice((25, 27, 32, 35))].strip()


def _umlauts_spelled(name: str, _rng: Random) -> str:
    for letter, spelled in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue"), ("ß", "ss")):
        name = name.replace(letter, spelled)
    return _ascii(name)


def _without_form(name: str, _rng: Random) -> str:
    return re.sub(r"[ ,]+(GmbH & Co\. KG|GmbH|AG|KG|OHG|e\.K\.|SARL|SAS|SASU|EURL|S\.L\.U?\.?|S\.A\.|SL)$", "", name)


def _without_form_capitals(name: str, rng: Random) -> str:
    return _ascii(_without_form(name, rng)).upper()


def _first_words(name: str, _rng: Random) -> str:
    return " ".join(name.split()[:2])


def _with_town(name: str, rng: Random) -> str:
    return f"{name.upper()} {rng.choice(('BREMEN', 'LILLE', 'VIGO', 'KASSEL', 'NANTES', 'BURGOS'))}"


def _titled(name: str, rng: Random) -> str:
    return f"{rng.choice(('Firma', 'Fa.', 'Ste', 'Cia'))} {_without_form(name, rng)}"


NOISE = Noise(
    companies=(
        Company(
            "de",
            "Hanseatische Messtechnik GmbH",
            "de",
            "AR26{month:02d}-{seq:04d}",
            "GU26{month:02d}-{seq:04d}",
            "DE",
            "RF",
        ),
        Company("fr", "Atelier Lumière SARL", "fr", "F-2026-{seq:05d}", "AV-2026-{seq:05d}", "FR", "RF"),
        Company("es", "Talleres de la Ría S.L.", "es", "FV26/{seq:06d}", "FR26/{seq:06d}", "ES", "BE"),
    ),
    people=(
        "Bäckerei Grünwald",
        "Stahlbau Ößler",
        "Möbelhaus Krüger",
        "Tischlerei Brandt & Söhne",
        "Gärtnerei Vogelsang",
        "Elektro Petersen",
        "Fahrradladen Kettenblatt",
        "Autohaus Süderelbe",
        "Druckerei Weiß",
        "Apotheke am Markt",
        "Weingut Sankt Urban",
        "Kanzlei Dr. Hofmeister",
        "Reederei Nordstern",
        "Brauerei Löwenstein",
        "Spedition Kühn",
        "Boulangerie du Vieux Port",
        "Menuiserie Lefèvre",
        "Garage Saint-Éloi",
        "Imprimerie Dubois",
        "Fleurs d'Émilie",
        "Cabinet Moreau Conseil",
        "Hôtel de la Plage",
        "Maçonnerie Girard",
        "Pharmacie Centrale",
        "Traiteur Bonnefoy",
        "Électricité Marchand",
        "Librairie des Arts",
        "Transports Rousseau",
        "Domaine des Cèdres",
        "Plomberie Fabre",
        "Panadería El Trigal",
        "Carpintería Núñez",
        "Bodegas Peñalara",
        "Ferretería Ibáñez",
        "Clínica Dental Sonrisa",
        "Construcciones Muñoz",
        "Hotel Costa Brava",
        "Imprenta Gráficas Sol",
        "Talleres Echevarría",
        "Viajes Andalucía",
        "Asesoría Fiscal Ortega",
        "Conservas del Norte",
        "Jardinería Verde Vivo",
        "Pescados Cantábrico",
        "Óptica Mirador",
        "Nordwind Logistik",
        "Südstern Handel",
        "Alpenblick Touristik",
        "Rheingold Immobilien",
        "Elbtal Maschinenbau",
        "Müller",
        "Müller & Partner",
        "Schmidt",
        "Schmidt Haustechnik",
        "Garcia",
        "García Hermanos",
        "Martin",
        "Martin et Fils",
    ),
    legal_forms={
        "de": ("GmbH", "GmbH & Co. KG", "AG", "KG", "OHG", "e.K.", ""),
        "fr": ("SARL", "SAS", "SASU", "EURL", "S.A.", ""),
        "es": ("S.L.", "S.L.U.", "S.A.", "SL", ""),
    },
    vendor_numbers=(
        "{year}{seq:06d}",
        "R{seq:07d}",
        "{seq:05d}/{year}",
        "INV-{seq:06d}",
        "VR{year}.{seq:04d}",
        "FA{month:02d}{seq:05d}",
        "A{seq:04d}-{month:02d}",
        "90{seq:06d}",
        "{year}-{month:02d}-{seq:03d}",
        "DE{seq:08d}",
    ),
    reference={
        "de": (
            "{n}",
            "Rechnungsnr {n}",
            "Bezahlung Ihrer Rechnung {n}",
            "{n} Danke!",
            "Re.-Nr. {n} vom 12.10.26",
            "SVWZ+{n} EREF+NOTPROVIDED",
            "Begleichung {n} lt. Schreiben",
            "RGNR {n} KDNR 88213",
            "Verw.-Zweck: {n}",
            "Ueberweisung Beleg {n}",
            "{n}/Hausverwaltung",
            "Zahlung zu {n}, mit freundlichen Gruessen",
        ),
        "fr": (
            "{n}",
            "Règlement facture {n}",
            "VIR SEPA {n}",
            "Paiement fact. n°{n}",
            "Facture {n} du 03/10/2026",
            "{n} merci",
            "RGLT {n}",
            "Fact {n} - solde",
            "NOTPROVIDED {n}",
            "Votre facture réf {n}",
        ),
        "es": (
            "{n}",
            "Pago factura {n}",
            "Fra. {n}",
            "Transferencia fra {n} de octubre",
            "Abono de la factura n. {n}",
            "PAGO {n} GRACIAS",
            "Su factura {n}",
            "Liquidación {n}",
            "CONCEPTO: {n}",
        ),
    },
    disguises=(
        _blanks,
        _glued_lower,
        _digits_only,
        _no_zeros,
        _no_zeros_dashes,
        _last_part,
        _last_part_bare,
        _wrapped,
        _slashes,
    ),
    typos=(_last_digit_pressed_next, _middle_digit_wrong, _digit_doubled, _digit_lost, _letter_for_digit, _swapped),
    structured={
        "de": ("{ref}", "Zahlungsreferenz {ref}", "CREF {ref}"),
        "fr": ("{ref}", "Réf. structurée {ref}"),
        "es": ("{ref}", "Ref. {ref}", "Comunicacion {ref}"),
    },
    no_reference={
        "de": ("", "Danke", "Ueberweisung", "Zahlung", "Rechnung", "wie besprochen", "Oktober 2026", "NOTPROVIDED"),
        "fr": ("", "Merci", "Virement", "Règlement", "VIR INST", "Octobre 2026"),
        "es": ("", "Gracias", "Transferencia", "Pago", "Octubre 2026", "S/CTA"),
    },
    names=(_capitals_cut, _umlauts_spelled, _without_form, _without_form_capitals, _first_words, _with_town, _titled),
    listing={
        "de": ("{all}", "Rechnungen {all}", "Sammelzahlung {all}", "RE-Nummern: {all} danke", "Ausgleich von {all}"),
        "fr": ("{all}", "Factures {all}", "Règlement des factures {all}", "Regroupement {all}"),
        "es": ("{all}", "Facturas {all}", "Pago de {all}", "Fras. {all}"),
    },
    joins={
        "de": (", ", " + ", " und ", "; ", " / ", " u. ", "  "),
        "fr": (", ", " + ", " et ", "; ", " & "),
        "es": (", ", " + ", " y ", "; ", " - "),
    },
    ranges={
        "de": ("{first} bis {last}", "Rechnungen {first} - {last}", "{first} b. {last}"),
        "fr": ("{first} à {last}", "Factures de {first} au {last}"),
        "es": ("{first} a {last}", "Facturas {first} hasta {last}", "de la {first} a la {last}"),
    },
    part={
        "de": ("Abschlag {n}", "2. Rate zu {n}", "{n} Teilbetrag", "Ratenzahlung {n}", "{n}"),
        "fr": ("Acompte {n}", "{n} 2e échéance", "Versement partiel {n}", "{n}"),
        "es": ("Pago parcial {n}", "{n} segundo plazo", "A cuenta {n}", "{n}"),
    },
    discount={
        "de": ("{n} ./. 2% Skonto", "{n} mit Skontoabzug", "{n}", "{n} abz. Skto"),
        "fr": ("{n} escompte déduit", "{n}", "{n} sous déduction escompte 2%"),
        "es": ("{n} con dto. pronto pago", "{n}", "{n} descontado 2%"),
    },
    fee={
        "de": ("{n}", "{n} abzgl. Bankspesen", "{n} OUR/SHA"),
        "fr": ("{n}", "{n} frais déduits", "{n} SHA"),
        "es": ("{n}", "{n} gastos compartidos", "{n} menos comision"),
    },
    overpaid={
        "de": ("{n}", "{n} aufgerundet", "{n} Rest fuer naechste Rechnung"),
        "fr": ("{n}", "{n} arrondi"),
        "es": ("{n}", "{n} redondeo"),
    },
    twice={
        "de": ("{n}", "Rechnung {n}", "{n} nochmals"),
        "fr": ("{n}", "Facture {n}"),
        "es": ("{n}", "Fra {n} bis"),
    },
    third_party={
        "de": ("{n} i.A. {name}", "{n} fuer {name}", "{n}", "Zahlung fuer Mandant {n}"),
        "fr": ("{n} pour le compte de {name}", "{n}", "{n} p/c {name}"),
        "es": ("{n} por cuenta de {name}", "{n}", "{n} en nombre de {name}"),
    },
    psp=(
        ("Adyen N.V.", "TX9914 {all} settlement"),
        ("SumUp Payments", "SUMUP PID88 {all}"),
        ("PayPal Europe S.a.r.l.", "PP.7781.PP {all}"),
        ("Klarna Bank AB", "KLARNA payout {all}"),
    ),
    psp_silent=(
        ("Adyen N.V.", "Batch {digits} merchant settlement"),
        ("SumUp Payments", "Auszahlung {digits}"),
        ("PayPal Europe S.a.r.l.", "Abbuchung/Auszahlung {digits}"),
    ),
    credit={
        "de": ("{all} ./. {credit}", "{all} verrechnet mit GS {credit}", "{all}, {credit}"),
        "fr": ("{all} moins avoir {credit}", "{all} - AV {credit}"),
        "es": ("{all} menos abono {credit}", "{all} comp. {credit}"),
    },
    credit_silent={
        "de": ("{all} abzueglich Gutschrift", "{all}"),
        "fr": ("{all} avoir déduit", "{all}"),
        "es": ("{all} descontado abono", "{all}"),
    },
    bulk={
        "de": ("Lastschrift Rechnungen {all}", "Sammelrechnung {all}", "{all}"),
        "fr": ("PRLV factures {all}", "{all}"),
        "es": ("Recibo facturas {all}", "{all}"),
    },
    bulk_silent={
        "de": ("Sammelueberweisung {count} Posten", "SAMMLER {count}"),
        "fr": ("VIR MULTIPLE {count} opérations", "Remise {count}"),
        "es": ("Remesa {count} pagos", "Orden múltiple {count}"),
    },
    returned={
        "de": ("RUECKUEBERWEISUNG {n} Konto erloschen", "Retoure SEPA {n}", "Rueckbuchung AC04 {n} {name}"),
        "fr": ("REJET VIREMENT {n} IBAN incorrect", "Retour de fonds {n}", "RJT VIR {n} {name}"),
        "es": ("DEVOLUCION TRANSFERENCIA {n}", "Retrocesión {n} cuenta cancelada", "Devol. {n} {name}"),
    },
    order={
        "de": ("Bestellung {order}", "Auftrag Nr. {order}", "Best.-Nr.{order} Lieferung 12"),
        "fr": ("Commande {order}", "BC n°{order}", "Bon de commande {order}"),
        "es": ("Pedido {order}", "Ped. {order}", "Albarán {order}"),
    },
    traps={
        "de": ("Tel. 0421{digits}", "Kd.Nr. {digits}7 Danke", "Vertrag 77{digits}", "Anruf 0171/{digits}88"),
        "fr": ("Tél 06{digits}1", "Client n° 4{digits}", "Contrat {digits}55"),
        "es": ("Tfno 6{digits}0", "Cliente 9{digits}", "Contrato 31{digits}"),
    },
    short={
        "de": ("Zimmer {short}", "Halle {short} Tor 2", "Position {short}"),
        "fr": ("Chambre {short}", "Lot {short}"),
        "es": ("Habitación {short}", "Nave {short}"),
    },
    quoted={
        "de": ("Gesamtbetrag {amount} EUR minus Einbehalt", "statt {amount}", "Angebot ueber {amount} Euro"),
        "fr": ("au lieu de {amount} EUR", "devis de {amount} €"),
        "es": ("en vez de {amount} EUR", "presupuesto {amount}"),
    },
    no_match={
        "de": (
            NoMatch("Qonto", "Abonnement Essential {month}", "qonto_fee", 9, 49),
            NoMatch("Finanzamt Bremen-Mitte", "UST-VA {month} STNR 60/{digits}", "direct_debit", 300, 9000),
            NoMatch("Techniker Krankenkasse", "Beitraege {month} BTR-NR {digits}", "direct_debit", 400, 6000),
            NoMatch("Svenja Albers", "Lohn {month}", "transfer", 1400, 4200),
            NoMatch("ARAL STATION 2291", "Kartenzahlung {digits}", "card", 20, 140),
            NoMatch("Amazon.de", "028-{digits}-66", "card", 8, 400),
            NoMatch("Deutsche Bahn", "Ticket {digits}", "card", 15, 260),
            NoMatch("Hanseatische Messtechnik GmbH", "Umbuchung Ruecklage", "transfer", 500, 20000),
            NoMatch("Hanseatische Messtechnik GmbH", "Rueckfuehrung Tagesgeld", "income", 500, 20000, "credit"),
            NoMatch("Qonto", "Zinsen {month}", "account_remuneration", 1, 60, "credit"),
            NoMatch("Signal Iduna", "Beitrag Vers.Nr. {digits}", "direct_debit", 40, 600),
            NoMatch("Finanzamt Bremen-Mitte", "Erstattung KSt 2025", "income", 100, 4000, "credit"),
            NoMatch("Stadtwerke Bremen", "Abschlag {month} Vertrag {digits}", "direct_debit", 80, 900),
        ),
        "fr": (
            NoMatch("Qonto", "Abonnement {month}", "qonto_fee", 9, 49),
            NoMatch("DGFIP", "TVA {month} {digits}", "direct_debit", 200, 8000),
            NoMatch("URSSAF Pays de Loire", "Cotisations {month}", "direct_debit", 300, 5000),
            NoMatch("Camille Perrot", "Salaire {month}", "transfer", 1500, 3500),
            NoMatch("SNCF CONNECT", "CB {digits}", "card", 20, 300),
            NoMatch("LECLERC DRIVE", "", "card", 10, 250),
            NoMatch("OVH SAS", "CB OVH {digits}", "card", 5, 200),
            NoMatch("Atelier Lumière SARL", "Virement interne", "transfer", 500, 15000),
            NoMatch("Atelier Lumière SARL", "Retour épargne", "income", 500, 15000, "credit"),
            NoMatch("MAIF", "Prime {digits}", "direct_debit", 50, 700),
            NoMatch("DGFIP", "Remboursement crédit TVA", "income", 200, 4000, "credit"),
            NoMatch("Loyer SCI Bellevue", "Loyer {month}", "transfer", 700, 2500),
        ),
        "es": (
            NoMatch("Qonto", "Suscripción {month}", "qonto_fee", 9, 49),
            NoMatch("Agencia Tributaria", "Modelo 303 {digits}", "direct_debit", 200, 8000),
            NoMatch("TGSS", "Seguros sociales {month}", "direct_debit", 300, 5000),
            NoMatch("Lucía Prieto", "Nómina {month}", "transfer", 1200, 3000),
            NoMatch("REPSOL E.S. 4471", "{digits}", "card", 20, 130),
            NoMatch("MERCADONA", "", "card", 10, 220),
            NoMatch("RENFE VIAJEROS", "Localizador {digits}", "card", 15, 200),
            NoMatch("Talleres de la Ría S.L.", "Traspaso entre cuentas", "transfer", 500, 15000),
            NoMatch("Talleres de la Ría S.L.", "Traspaso", "income", 500, 15000, "credit"),
            NoMatch("Mapfre", "Póliza {digits}", "direct_debit", 50, 700),
            NoMatch("Agencia Tributaria", "Devolución IVA", "income", 200, 4000, "credit"),
            NoMatch("Alquiler Nave Sur", "Renta {month}", "transfer", 700, 2500),
        ),
    },
)
