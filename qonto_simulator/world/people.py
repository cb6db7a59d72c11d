"""Invented customers, vendors and merchants of the demo company. Any likeness is chance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Trader:
    """A customer or vendor before it gets bank details.

    :param low, high: net amounts of its invoices in EUR
    :param numbering: pattern of a vendor's bill numbers, see ``documents.bill_number``
    """

    name: str
    street: str
    zipcode: str
    city: str
    low: int
    high: int
    country: str = "DE"
    numbering: str = ""
    what: str = ""


CUSTOMERS = [
    Trader("Theater am Deichtor gGmbH", "Deichtorplatz 4", "20095", "Hamburg", 1800, 7200),
    Trader("Kulturzentrum Speicher 12 e.V.", "Am Alten Hafen 12", "28195", "Bremen", 600, 3900),
    Trader("Messebau Ruhland GmbH", "Industriestraße 88", "30179", "Hannover", 2400, 8900),
    Trader("Hotel Fährhaus Moorwinkel GmbH", "Uferweg 3", "26121", "Oldenburg", 900, 4800),
    Trader("Agentur Blauklang GmbH & Co. KG", "Schanzenweg 21", "20357", "Hamburg", 700, 5600),
    Trader("Stadtwerke Wehrlingen AöR", "Rathausplatz 1", "27374", "Wehrlingen", 1500, 8200),
    Trader("Brauhaus Eichenkamp KG", "Marktstraße 17", "28203", "Bremen", 400, 2100),
    Trader("Filmstudio Halbmond GmbH", "Glashüttenweg 9", "22305", "Hamburg", 1900, 7700),
    Trader("Evangelische Gemeinde St. Ansgar", "Kirchhof 2", "28717", "Bremen", 350, 1600),
    Trader("Autohaus Brinkhöver GmbH", "Osterholzer Landstraße 140", "28325", "Bremen", 800, 4300),
    Trader("Museum für Seezeichen gGmbH", "Leuchtturmallee 5", "27568", "Bremerhaven", 1100, 5900),
    Trader("Tagungszentrum Weserbogen GmbH", "Weserpromenade 30", "32423", "Minden", 950, 4600),
    Trader("Fotohaus Larsen & Ihde OHG", "Lange Straße 61", "27232", "Sulingen", 300, 1500),
    Trader("Bühnenservice Kastell GmbH", "Kastellgasse 7", "1070", "Wien", 1200, 5200, "AT"),
    Trader("Lichtkunst Vermeulen B.V.", "Kanaalweg 44", "3526", "Utrecht", 1300, 6100, "NL"),
]

# Pays a fixed amount every month for maintenance; twice in one month: true twins.
SUBSCRIBER = Trader("Ladenkette Grünbohne GmbH", "Contrescarpe 80", "28195", "Bremen", 300, 300)

VENDORS = [
    Trader(
        "Elektrogroßhandel Döhrmann KG",
        "Hemelinger Hafen 20",
        "28309",
        "Bremen",
        450,
        4200,
        numbering="######",
        what="Kabel und Verteiler",
    ),
    Trader(
        "Scheinwerferbau Kahlert GmbH",
        "Am Gaswerk 11",
        "04229",
        "Leipzig",
        900,
        5800,
        numbering="RG-%Y-####",
        what="Scheinwerfer",
    ),
    Trader(
        "Traversen Nordmeyer GmbH",
        "Stahlring 2",
        "49084",
        "Osnabrück",
        600,
        3900,
        numbering="%y/####",
        what="Traversen",
    ),
    Trader(
        "Spedition Hinnerk Folkerts",
        "Am Güterbahnhof 6",
        "28219",
        "Bremen",
        120,
        980,
        numbering="F######",
        what="Transport",
    ),
    Trader(
        "Steuerkanzlei Wiebke Thomsen", "Am Wall 153", "28195", "Bremen", 380, 1450, numbering="%Y-###", what="Beratung"
    ),
    Trader(
        "Druckerei Papierboot GmbH",
        "Neustadtswall 27",
        "28199",
        "Bremen",
        90,
        760,
        numbering="R%y#####",
        what="Drucksachen",
    ),
    Trader(
        "Gebäudereinigung Sauberfein GmbH",
        "Föhrenstraße 76",
        "28207",
        "Bremen",
        310,
        420,
        numbering="GR-%y%m-##",
        what="Reinigung",
    ),
    Trader(
        "Softwarehaus Pendelschlag GmbH",
        "Kurfürstenstraße 5",
        "10785",
        "Berlin",
        240,
        1900,
        numbering="INV-#####",
        what="Steuersoftware",
    ),
    Trader(
        "Lichttechnik Obermoser GmbH",
        "Salzachufer 18",
        "5020",
        "Salzburg",
        700,
        3300,
        "AT",
        numbering="AR%Y#####",
        what="Leuchtmittel",
    ),
    Trader(
        "Jansen Podiumtechniek B.V.",
        "Havenstraat 71",
        "3024",
        "Rotterdam",
        500,
        2700,
        "NL",
        numbering="%Y.####",
        what="Bühnenpodeste",
    ),
]

LANDLORD = Trader("Grundstücksverwaltung Alter Speicher GbR", "Speicherhof 1", "28217", "Bremen", 2150, 2150)

EMPLOYEES = [
    ("Mika Sander", 2874_12),
    ("Tom Petersen", 2391_77),
    ("Ada Küster", 2610_40),
    ("Leonie Brakhage", 2215_08),
    ("Yusuf Demirel", 2498_63),
]

# name, gross cents, day of the month, VAT rate, reference
DEBITS = [
    ("Stromwerk Hansa GmbH", 412_30, 3, 19, "Abschlag Strom Kd 8841207"),
    ("Fernruf Nord AG", 89_95, 6, 19, "Festnetz und Internet Kundenkonto 5520981"),
    ("Mobilfunk Welle GmbH", 134_70, 9, 19, "Mobilfunk 5 Karten"),
    ("Leasinghaus Roland GmbH", 538_00, 1, 19, "Leasingrate Vertrag L-40771"),
    ("Versicherung Deichgraf a.G.", 287_45, 15, None, "Betriebshaftpflicht VN 77-301-552"),
    ("Abwasserverband Unterweser", 61_80, 20, None, "Abschlag Abwasser"),
]

# label, low and high gross cents, VAT rate
MERCHANTS = [
    ("Bahnticket Direkt", 19_90, 148_00, 7),
    ("Tankhof Hemelingen", 48_00, 112_00, 19),
    ("Baumarkt Werkelgut", 8_49, 189_00, 19),
    ("Bürobedarf Federkiel", 6_95, 124_00, 19),
    ("Parkhaus Am Wall", 3_00, 24_00, 19),
    ("Gasthaus Zur Schleuse", 24_00, 138_00, 19),
    ("Pension Deichblick", 68_00, 236_00, 7),
    ("Onlineversand Kistenweise", 12_99, 279_00, 19),
    ("Bäckerei Roggenstolz", 4_20, 38_00, 7),
]

# label, low and high in the foreign currency's cents, currency, EUR per unit
FOREIGN_MERCHANTS = [
    ("Cloudbarn Hosting Inc.", 19_00, 240_00, "USD", 0.921),
    ("Pixelforge Fonts", 29_00, 99_00, "USD", 0.921),
    ("Stagecraft Supplies Ltd", 35_00, 410_00, "GBP", 1.168),
    ("Alpenticket Zürich", 22_00, 180_00, "CHF", 1.043),
]
