"""Hungary."""

# fmt: off

from crm.demo.names.market import City, Market, adoszam

_FAMILIES = (
    "Halász", "Kovács", "Szűcs", "Tóth", "Fehér", "Németh", "Bíró", "Gulyás", "Kőszegi", "Lőrincz", "Pásztor",
    "Rácz", "Somogyi", "Takács", "Vörös", "Zsoldos", "Bőgős", "Csányi", "Dózsa", "Erdélyi", "Földes", "Győri",
    "Hegedűs", "Illés", "Juhász", "Kelemen", "Márton", "Orbán", "Ötvös", "Szentgyörgyi",
)

HUNGARY = Market(
    country="HU",
    language="hu",
    cities=(
        City("Budapest", "11", "1", "Budai"),
        City("Debrecen", "40", "52", "Debreceni"),
        City("Szeged", "67", "62", "Szegedi"),
        City("Miskolc", "35", "46", "Miskolci"),
        City("Pécs", "76", "72", "Pécsi"),
        City("Győr", "90", "96", "Győri"),
        City("Nyíregyháza", "44", "42", "Nyírségi"),
        City("Kecskemét", "60", "76", "Kecskeméti"),
        City("Székesfehérvár", "80", "22", "Fehérvári"),
        City("Szombathely", "97", "94", "Vasi"),
        City("Szolnok", "50", "56", "Szolnoki"),
        City("Tatabánya", "28", "34", "Tatai"),
        City("Kaposvár", "74", "82", "Kaposi"),
        City("Eger", "33", "36", "Egri"),
        City("Veszprém", "82", "88", "Bakonyi"),
        City("Siófok", "86", "84", "Balatoni"),
        City("Hévíz", "83", "83", "Hévízi"),
        City("Sopron", "94", "99", "Soproni"),
        City("Békéscsaba", "56", "66", "Békési"),
        City("Hódmezővásárhely", "68", "62", "Vásárhelyi"),
    ),
    streets=(
        "Ipar", "Gyár", "Petőfi Sándor", "Kossuth Lajos", "Malom", "Vasút", "Raktár", "Széchenyi", "Rákóczi",
        "Víztorony", "Cukorgyár", "Kandó Kálmán", "Tópart", "Őrség", "Fűtőmű", "Külső Szegedi", "Arany János",
        "Jedlik Ányos",
    ),
    address="{street} utca {n}.",
    postal="{city}{n:02d}",
    dialling="+36",
    phone_digits=8,
    firms=(
        ("{after} Gépgyár {form}", "machines"),
        ("{after} Tejüzem {form}", "dairy"),
        ("{after} Konzervgyár {form}", "fruit"),
        ("{after} Hőszolgáltató Zrt.", "heating"),
        ("{after} Öntöde {form}", "metal"),
        ("{after} Papírgyár {form}", "paper"),
        ("{after} Sörfőzde {form}", "brewery"),
        ("{after} Malom {form}", "mill"),
        ("Hotel {proper} {after} {form}", "hotel"),
        ("{proper} Gyógyfürdő {form}", "spa"),
        ("{proper} Élelmiszeripari {form}", "food"),
        ("{proper} Vegyipari {form}", "chemicals"),
        ("{proper} Műanyag {form}", "plastics"),
        ("{proper} Pincészet {form}", "fruit"),
        ("{proper} Bútor {form}", "furniture"),
        ("{surname} és Fia {form}", ""),
        ("{surname} Testvérek Gépipari Bt.", "machines"),
        ("{surname} Pékség Bt.", "bakery"),
        ("{stem} {form}", ""),
        ("{stem} {form}", ""),
        ("{stem} {form}", ""),
        ("{stem}-{city} {form}", ""),
        ("{stem} Víztechnika {form}", "installer"),
        ("{after} Gyümölcsfeldolgozó {form}", "fruit"),
        ("{stem} {surname} {form}", ""),
        ("{proper} Csomagolás {form}", "packing"),
        ("{surname} Automatika {form}", "engineering"),
        ("{after} Betonüzem {form}", "concrete"),
        ("{proper} Mosoda {form}", "laundry"),
        ("{after} Hűtőház {form}", "cold store"),
        ("{proper} Takarmány {form}", "feed"),
        ("{surname} Hidraulika {form}", "installer"),
        ("{proper} Üveggyár {form}", "glass"),
        ("{after} Téglagyár {form}", "brick"),
        ("{surname} Húsüzem {form}", "meat"),
        ("{stem} Labor {form}", "laboratory"),
        ("{proper} Biogáz {form}", "energy"),
        ("{surname} Kertészet Bt.", "fruit"),
        ("{after} Textilfestő {form}", "textile"),
        ("{proper} Hajóépítő {form}", "boats"),
    ),
    propers=(
        "Pannónia", "Hortobágy", "Tisza", "Mátra", "Kékes", "Aranykalász", "Zöldmező", "Badacsony", "Délibáb",
        "Nádas", "Kunsági", "Szarvas", "Tokaj-Hegy", "Csillag", "Kikelet", "Napsugár", "Ezüstpart",
        "Viharsarok", "Bükk", "Zala", "Őszibarack", "Rába", "Körös", "Gerecse", "Szinva", "Túr", "Hegyhát",
        "Fűzfa", "Kristály", "Vadvirág",
    ),
    stems=(
        (
            "Agro", "Hidro", "Fém", "Öko", "Termo", "Vegy", "Épí", "Aqua", "Ener", "Hun", "Dél", "Gép", "Szer",
            "Mag", "Tisz",
        ),
        (
            "mix", "tech", "plast", "ker", "szer", "fém", "pack", "vill", "gáz", "invest", "top", "trans",
            "vent",
        ),
    ),
    forms=("Kft.",) * 7 + ("Zrt.", "Zrt.", "Bt."),
    long_names=(
        (
            "Észak-Magyarországi Öntödei, Gépgyártó, Szerszámkészítő és Kereskedelmi Zártkörűen Működő"
            " Részvénytársaság „felszámolás alatt nem álló” miskolci telephelye",
            "Miskolc",
        ),
        (
            "Pannónia Élelmiszeripari Gépgyártó, Csomagolástechnikai és Kereskedelmi Korlátolt Felelősségű Társaság",
            "Budapest",
        ),
        (
            "Szabolcs-Szatmár-Beregi Gyümölcsfeldolgozó, Hűtőházi és Nagykereskedelmi Szövetkezet"
            " – Vásárosnamény",
            "Nyíregyháza",
        ),
        (
            "Hódmezővásárhelyi Porcelán-, Kerámia- és Csempegyártó Megszentségteleníthetetlen Hagyományok Kft.",
            "Hódmezővásárhely",
        ),
    ),
    groups=(
        "Pannon Szállodák Zrt.", "Alföldi Tejcsoport Zrt.", "Pannon Galván Holding Kft.",
        "Tiszai Cukor Zrt.",
    ),
    site="{group} – {city}",
    women=(
        "Zsófia", "Erzsébet", "Ágnes", "Ildikó", "Katalin", "Krisztina", "Judit", "Orsolya", "Tünde",
        "Piroska", "Enikő", "Noémi", "Ilona", "Mária", "Gyöngyi", "Boglárka",
    ),
    men=(
        "Gergő", "László", "István", "Zoltán", "Péter", "Ferenc", "Attila", "Sándor", "Győző", "Bálint",
        "Tamás", "Csaba", "Ödön", "Levente", "Ákos", "Béla",
    ),
    surnames=tuple((name, name) for name in _FAMILIES),
    family_first=True,
    tax_number=adoszam,
    invoice=lambda year, n: f"{year}/{n:06d}",
)
