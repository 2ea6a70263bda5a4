"""How ERPs call the fields, in English, Polish, Bulgarian, Hungarian and German; and how texts say yes, no and where.

Names are compared as `guessing` folds them: without case, diacritics and punctuation, with `nr` for every word that
means number. A name further in front fits better.
"""

from __future__ import annotations

from accounts.models.importing import ImportKind

_ACCOUNT_CODE = """
customer code|customer no|customer number|customer id|customer|client code|client no|client id|account code|
account no|
account number|account id|account|cust no|cust id|cust code|debtor no|sold to party|sold to|customerid|accountid|
kod klienta|nr klienta|numer klienta|id klienta|kod kontrahenta|nr kontrahenta|id kontrahenta|kontrahent kod|
kontrahent|
klient|kod odbiorcy|odbiorca|nabywca|akronim kontrahenta|akronim|symbol kontrahenta|logo kontrahenta|
код на клиент|код клиент|клиент код|клиентски номер|номер на клиент|клиент №|код на контрагент|код контрагент|
контрагент|
клиент|партньор|код партньор|
vevokod|vevo kod|vevo kodja|vevoszam|vevo azonosito|ugyfelkod|ugyfel kod|ugyfelszam|ugyfel azonosito|partnerkod|
partner kod|partner azonosito|partner|vevo|ugyfel|
kundennummer|kundennr|kunden nr|kundenr|kd nr|kdnr|kunde nr|kunden id|kundencode|debitor|debitorennummer|
debitor nr|kunde
"""
_PHONE = """
phone number|telephone|tel|mobile|phone no|telefon|nr telefonu|telefon komorkowy|komorka|тел|телефон|gsm|
мобилен|telefonszam|mobil|telefonnummer|telefon nr|rufnummer"""
_EMAIL = """
e mail|mail|email address|e mail address|adres e mail|adres email|poczta|имейл|е поща|ел поща|email cim|
e mail cim|e mail adresse|mailadresse"""
_LANGUAGE = "lang|language code|jezyk|език|nyelv|sprache"
_OWNER = """
sales rep|salesperson|sales representative|account manager|key account manager|kam|owner email|rep|salesman|seller|
handlowiec|przedstawiciel handlowy|przedstawiciel|opiekun|opiekun klienta|opiekun handlowy|
търговец|търговски представител|търговски агент|отговорник|мениджър|
ertekesito|uzletkoto|kapcsolattarto ertekesito|kepviselo|
verkaufer|vertreter|aussendienst|betreuer|kundenbetreuer|vertriebsmitarbeiter
"""
_PRODUCT_CODE = """
product code|item code|item no|item number|article no|article number|article code|part number|part no|sku|stock code|
stockcode|item|product no|product id|material|material no|
kod towaru|kod produktu|indeks|indeks towaru|symbol towaru|nr artykulu|kod artykulu|towar kod|symbol|towar|
kod asortymentu|
код на артикул|код артикул|артикул код|артикул|код на стока|код стока|номенклатурен номер|стока код|код на продукт|
cikkszam|cikkkod|cikk kod|termekkod|termek kod|termek azonosito|
artikelnummer|artikelnr|artikel nr|art nr|artnr|artikel|materialnummer|produktcode|produktnummer
"""
_TEXTS: dict[ImportKind, dict[str, str]] = {
    ImportKind.ACCOUNTS: {
        "code": _ACCOUNT_CODE + "|code|kod|код|azonosito|nummer|nr|id|symbol",
        "name": """
company name|customer name|client name|account name|company|name 1|legal name|trading name|business name|
nazwa|nazwa klienta|nazwa kontrahenta|nazwa firmy|firma|nazwa pelna|nazwa odbiorcy|nazwa 1|
име|наименование|име на клиент|клиент име|име на фирма|фирма|наименование на клиент|име на контрагент|
nev|vevo neve|vevonev|ugyfel neve|ugyfelnev|cegnev|partner neve|partnernev|megnevezes|vevo megnevezese|
firmenname|kundenname|firma|name des kunden|bezeichnung""",
        "parent": """
parent|parent code|parent customer|head office|head office code|group code|centrala|kod centrali|jednostka nadrzedna|
kontrahent nadrzedny|централа|код на централа|родител|kozpont|kozpont kodja|anyavallalat|zentrale|konzern|
hauptkunde""",
        "owner": _OWNER,
        "country": """
country code|country iso|iso country|kraj|kod kraju|panstwo|държава|страна|код на държава|orszag|orszagkod|
land|landercode|staat""",
        "city": "town|place|miasto|miejscowosc|град|населено място|varos|telepules|helyseg|ort|stadt|wohnort",
        "postal_code": """
postcode|post code|zip|zip code|postal|kod pocztowy|пощенски код|п код|пк|iranyitoszam|irszam|ir szam|plz|
postleitzahl""",
        "address": """
street|address 1|address line 1|street address|adres|ulica|ulica i numer|адрес|улица|cim|utca|utca hazszam|
adresse|strasse|anschrift|strasse hausnummer""",
        "phone": _PHONE,
        "email": _EMAIL,
        "website": """
web|www|web site|homepage|url|strona www|strona internetowa|сайт|уебсайт|weboldal|honlap|webseite|internet""",
        "tax_number": """
tax id|vat number|vat no|vat id|vat reg no|vat|nip|nr nip|numer nip|ncp ue|vat ue|nip ue|еик|булстат|
еик булстат|ддс номер|ин по ддс|
adoszam|ado szam|kozossegi adoszam|ust id|ustid|ust idnr|ust id nr|umsatzsteuer id|steuernummer""",
        "language": _LANGUAGE,
        "notes": """
note|comment|comments|remark|remarks|uwagi|notatki|opis|komentarz|бележки|забележка|коментар|megjegyzes|
megjegyzesek|bemerkung|bemerkungen|notiz|notizen""",
        "strategy_goal": "goal|strategy|cel|cel strategiczny|цел|cel|strategia|ziel",
        "service_level": """
service class|sla|poziom obslugi|ниво на обслужване|szolgaltatasi szint|servicelevel|service stufe""",
        "character": "customer character|charakter|характер|jelleg",
        "seasonal": "season|sezonowy|sezonowosc|сезонен|szezonalis|saisonal|saison",
        "potential": """
yearly potential|annual potential|potential per year|sales potential|potencjal|potencjal roczny|потенциал|
годишен потенциал|potencial|eves potencial|potenzial|jahrespotenzial""",
        "expected_orders_per_year": """
orders per year|expected orders|zamowien rocznie|liczba zamowien rocznie|поръчки годишно|поръчки на година|
eves rendelesszam|rendeles evente|bestellungen pro jahr""",
        "tags": "labels|segments|keywords|tagi|etykiety|етикети|cimkek|schlagworter|stichworte",
    },
    ImportKind.PERSONS: {
        "account": _ACCOUNT_CODE,
        "name": """
full name|contact name|contact person|contact|person|imie i nazwisko|nazwisko i imie|osoba kontaktowa|osoba|kontakt|
име и фамилия|име|лице за контакт|контактно лице|три имена|nev|teljes nev|kapcsolattarto|kapcsolattarto neve|
vor und nachname|ansprechpartner|kontaktperson""",
        "position": """
job title|title|function|role|job|stanowisko|funkcja|длъжност|позиция|beosztas|munkakor|pozicio|funktion|
stelle""",
        "buying_role": """
buying role|role in buying|rola|rola w zakupie|роля|роля в покупката|szerep|rolle|rolle im einkauf""",
        "influence": "wplyw|влияние|befolyas|einfluss",
        "phone": _PHONE,
        "email": _EMAIL,
        "preferred_channel": """
channel|preferowany kanal|kanal|предпочитан канал|канал|csatorna|kanal|bevorzugter kanal""",
        "preferred_times": """
best time|preferred time|preferowane godziny|предпочитано време|удобно време|elerhetoseg ideje|
bevorzugte zeiten|erreichbarkeit""",
        "language": _LANGUAGE,
        "birthday": """
date of birth|birth date|dob|data urodzenia|urodziny|рожден ден|дата на раждане|szuletesnap|szuletesi datum|
geburtstag|geburtsdatum""",
        "name_day": "nameday|imieniny|имен ден|nevnap|namenstag",
        "consents_to_mail": """
email consent|mail consent|newsletter|zgoda e mail|zgoda email|zgoda na e mail|съгласие имейл|
съгласие за имейл|email hozzajarulas|einwilligung e mail""",
        "consents_to_calls": """
phone consent|call consent|zgoda telefon|zgoda na telefon|съгласие телефон|съгласие за обаждания|
telefon hozzajarulas|einwilligung telefon""",
        "consents_to_greetings": """
greetings consent|zgoda na zyczenia|съгласие поздравления|udvozlet hozzajarulas|einwilligung grusse""",
        "is_main": """
main|main contact|primary|primary contact|glowny|glowny kontakt|основен|основен контакт|fo kapcsolattarto|
elsodleges|hauptkontakt|hauptansprechpartner""",
        "left_on": """
left|leaving date|end date|odszedl|data odejscia|напуснал|дата на напускане|kilepett|kilepes datuma|
ausgeschieden|austritt|ausgeschieden am""",
    },
    ImportKind.PRODUCTS: {
        "code": _PRODUCT_CODE + "|code|kod|код|nummer|nr|id",
        "name": """
product name|item name|article name|description|item description|product description|nazwa|nazwa towaru|
nazwa produktu|
towar nazwa|opis|име|наименование|име на артикул|наименование на стока|описание|nev|megnevezes|termeknev|
termek neve|cikknev|
bezeichnung|artikelbezeichnung|produktname|artikelname|beschreibung""",
        "line": """
product line|product group|category|group|family|product family|item group|linia|linia produktow|grupa|
grupa towarowa|kategoria|
grupa towarow|asortyment|продуктова линия|група|категория|стокова група|termekvonal|termekcsoport|cikkcsoport|
kategoria|
produktlinie|warengruppe|produktgruppe|kategorie|artikelgruppe""",
        "complexity": "zlozonosc|stopien zlozonosci|сложност|osszetettseg|bonyolultsag|komplexitat",
        "service_life_months": """
service life|lifetime months|life months|zywotnosc|okres uzytkowania|trwalosc miesiace|zywotnosc w miesiacach|
живот месеци|
експлоатационен срок|срок на годност месеци|elettartam|elettartam honap|nutzungsdauer|nutzungsdauer monate|
lebensdauer|
lebensdauer monate""",
    },
    ImportKind.PURCHASES: {
        "account": _ACCOUNT_CODE,
        "number": """
invoice number|invoice no|invoice id|invoice|order number|order no|order id|document number|document no|doc no|inv no|
invoiceno|billing document|document|order|
nr faktury|numer faktury|faktura|nr fv|nr dokumentu|numer dokumentu|dokument|nr zamowienia|numer zamowienia|
fv|nr dok|numer|
номер на фактура|фактура номер|фактура №|фактура|документ номер|номер на документ|документ|поръчка номер|
номер на поръчка|номер|
szamlaszam|szamla szama|szamla sorszama|szamla|bizonylatszam|bizonylat szama|bizonylat|rendelesszam|
rendeles szama|sorszam|
rechnungsnummer|rechnungsnr|rechnung nr|rechnungs nr|re nr|belegnummer|belegnr|beleg nr|auftragsnummer|
auftragsnr|rechnung|beleg|
number|nr|bestellnummer""",
        "ordered": """
order date|invoice date|ordered on|document date|doc date|posting date|invoicedate|date of order|date|
sale date|sales date|
data zamowienia|data wystawienia|data faktury|data sprzedazy|data dokumentu|data wyst|data|
дата на поръчка|дата на фактура|дата на издаване|дата на документ|дата на продажба|дата|
rendeles datuma|rendeles kelte|szamla kelte|kiallitas datuma|szamla datuma|teljesites datuma|bizonylat kelte|
teljesites|kelt|datum|
bestelldatum|auftragsdatum|rechnungsdatum|belegdatum|rechnungs datum|buchungsdatum|datum""",
        "promised": """
promised date|delivery promised|promised delivery|requested delivery date|planned delivery|
planned delivery date|due delivery|
termin dostawy|planowana dostawa|obiecany termin|termin realizacji|planowana data dostawy|
обещана доставка|срок за доставка|планирана доставка|szallitasi hatarido|igert szallitas|vallalt hatarido|
liefertermin|zugesagter liefertermin|wunschtermin""",
        "delivered": """
delivery date|delivered on|shipped|shipping date|ship date|date delivered|data dostawy|dostarczono|
data wydania|data wysylki|
дата на доставка|доставено|доставено на|дата на експедиция|szallitas datuma|szallitva|kiszallitas datuma|szallitas|
lieferdatum|geliefert|geliefert am|versanddatum""",
        "due": """
due date|payment due|payment due date|due on|net due date|termin platnosci|termin zaplaty|data platnosci|plat do|
падеж|дата на падеж|срок за плащане|платимо до|fizetesi hatarido|esedekesseg|fiz hatarido|hatarido|esedekes|
falligkeit|fallig am|falligkeitsdatum|zahlungsziel|zahlbar bis|fallig""",
        "paid": """
paid on|payment date|paid date|date paid|cleared on|clearing date|data zaplaty|zaplacono|data wplaty|oplacono|
платено на|дата на плащане|платено|fizetve|fizetes datuma|kifizetve|kiegyenlites datuma|kiegyenlitve|
bezahlt am|bezahlt|zahlungsdatum|ausgleichsdatum|zahlungseingang""",
        "currency": """
currency code|curr|ccy|waluta|kod waluty|валута|код на валута|penznem|deviza|devizanem|wahrung|whg|
wahrungscode""",
        "amount": """
net amount|net value|net|line total|line amount|amount net|total net|net total|sales amount|net sales|value|
total|sum|revenue|turnover|
kwota netto|wartosc netto|netto|wart netto|suma netto|wartosc|kwota|obrot|
сума без ддс|нетна сума|стойност без ддс|нето|нето сума|данъчна основа|стойност|сума|
netto osszeg|netto ertek|netto|adoalap|osszeg netto|nettoertek|osszeg|ertek|
nettobetrag|netto betrag|nettowert|betrag netto|netto|umsatz|betrag|wert|summe""",
        "product": _PRODUCT_CODE + "|product|produkt|termek",
        "description": """
product name|item description|item name|product description|text|line text|nazwa towaru|nazwa produktu|nazwa|
opis|towar nazwa|
описание|наименование|име на стока|име на артикул|стока|megnevezes|leiras|termek megnevezese|cikk megnevezese|
termeknev|cikknev|
bezeichnung|artikelbezeichnung|beschreibung|positionstext|artikeltext""",
        "quantity": """
qty|quant|pieces|pcs|units|ilosc|szt|liczba|количество|кол|к во|бр|брой|mennyiseg|menny|db|darab|menge|
anzahl|stuck|stk""",
        "unit_price": """
price|unit price|unitprice|price per unit|net price|unit net price|cena|cena netto|cena jednostkowa|cena jedn|
cena jednostkowa netto|
цена|единична цена|ед цена|единична цена без ддс|цена без ддс|egysegar|netto egysegar|ar|egyseg ar|
einzelpreis|preis|stuckpreis|nettopreis|e preis|ep""",
        "owner": _OWNER,
    },
}


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for piece in text.split("|") if (name := piece.strip()))


SYNONYMS: dict[ImportKind, dict[str, tuple[str, ...]]] = {
    kind: {field: _names(text) for field, text in of_kind.items()} for kind, of_kind in _TEXTS.items()
}
"""Kind -> field -> names of columns, the best first."""

YES = frozenset(
    [
        "1",
        "true",
        "t",
        "yes",
        "y",
        "x",
        "tak",
        "t",
        "prawda",
        "да",
        "вярно",
        "igen",
        "i",
        "igaz",
        "ja",
        "j",
        "wahr",
        "✓",
        "✔",
    ]
)
NO = frozenset(
    ["0", "false", "f", "no", "n", "-", "nie", "falsz", "не", "невярно", "nem", "hamis", "nein", "falsch"]
)
"""Folded."""
COUNTRIES = {
    name: code
    for code, names in {
        "PL": "pol polska polen полша lengyelorszag",
        "BG": "bgr bulgaria bulgarien българия",
        "HU": "hun wegry ungarn унгария magyarorszag",
        "GB": "gbr uk england anglia grossbritannien великобритания nagy-britannia",
        "DE": "deu niemcy deutschland германия nemetorszag",
        "CZ": "cze czechy чехия csehorszag tschechien",
        "SK": "svk slowacja словакия szlovakia slowakei",
        "RO": "rou rumunia румъния romania rumanien",
        "AT": "aut austria австрия ausztria osterreich",
        "UA": "ukr ukraina украйна ukrajna ukraine",
        "LT": "ltu litwa литва litvania litauen",
        "GR": "grc grecja гърция gorogorszag griechenland",
        "TR": "tur turcja турция torokorszag turkei turkey",
        "RS": "srb serbia сърбия szerbia serbien",
        "IT": "ita wlochy италия olaszorszag italien",
        "FR": "fra francja франция franciaorszag frankreich",
        "NL": "nld holandia нидерландия hollandia niederlande",
    }.items()
    for name in names.split()
}
LANGUAGES = {
    name: code
    for code, names in {
        "en": "eng english angielski английски angol englisch",
        "pl": "pol polish polski полски lengyel polnisch",
        "bg": "bul bulgarian bulgarski български bolgar bulgarisch",
        "hu": "hun hungarian wegierski унгарски magyar ungarisch",
    }.items()
    for name in names.split()
}
"""Folded name -> code."""
