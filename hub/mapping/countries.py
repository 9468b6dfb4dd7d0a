"""Countries of ISO 3166-1 by code and by their common names.

Codes are those of ISO 3166-1 (with XK for Kosovo, which the standard leaves to users); names come
from CLDR (https://cldr.unicode.org) in English, German, French, Spanish, Italian and, for European
and a few other countries, in their own language, plus everyday short forms.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

_TABLE: Final = """\
AD AND Andorra; Andorre
AE ARE United Arab Emirates; Vereinigte Arabische Emirate; Emirats Arabes Unis; Emiratos Árabes
  Unidos; Emirati Arabi Uniti; UAE
AF AFG Afghanistan; Afganistán
AG ATG Antigua and Barbuda; Antigua und Barbuda; Antigua et Barbuda; Antigua y Barbuda; Antigua e
  Barbuda
AI AIA Anguilla; Anguila
AL ALB Albania; Albanien; Albanie
AM ARM Armenia; Armenien; Arménie
AO AGO Angola
AQ ATA Antarctica; Antarktis; Antarctique; Antártida; Antartide
AR ARG Argentina; Argentinien; Argentine
AS ASM American Samoa; Amerikanisch-Samoa; Samoa américaines; Samoa Americana; Samoa americane
AT AUT Austria; Österreich; Autriche
AU AUS Australia; Australien; Australie
AW ABW Aruba
AX ALA Åland Islands; Aaland-Inseln; Îles Åland; Islas Aland; Isole Aland
AZ AZE Azerbaijan; Aserbaidschan; Azerbaïdjan; Azerbaiyán; Azerbaigian
BA BIH Bosnia and Herzegovina; Bosnien und Herzegowina; Bosnie-Herzégovine; Bosnia y Hercegovina;
  Bosnia-Erzegovina; Bosnia
BB BRB Barbados; Barbade
BD BGD Bangladesh; Bangladesch
BE BEL Belgium; Belgien; Belgique; Bélgica; Belgio; België
BF BFA Burkina Faso
BG BGR Bulgaria; Bulgarien; Bulgarie; България
BH BHR Bahrain; Bahreïn
BI BDI Burundi
BJ BEN Benin
BL BLM Saint Barthélemy; San Bartolomé
BM BMU Bermuda; Bermudes; Bermudas
BN BRN Brunei; Brunei Darussalam
BO BOL Bolivia; Bolivia, Plurinational State of; Bolivien; Bolivie
BQ BES Bonaire, Sint Eustatius and Saba; Bonaire, Sint Eustatius und Saba; Bonaire, Saint-Eustache
  et Saba; Bonaire, San Eustaquio y Saba; Bonaire, Sint Eustatius e Saba
BR BRA Brazil; Brasilien; Brésil; Brasil; Brasile
BS BHS Bahamas
BT BTN Bhutan; Bhoutan; Bután
BV BVT Bouvet Island; Bouvet-Insel; Île Bouvet; Isla Bouvet; Isola di Bouvet
BW BWA Botswana; Botsuana
BY BLR Belarus; Biélo-Russie; Bielorrusia; Bielorussia
BZ BLZ Belize; Belice
CA CAN Canada; Kanada
CC CCK Cocos Islands; Cocos (Keeling) Islands; Kokos-Inseln; Îles Cocos; Islas Cocos; Isole Cocos
CD COD The Democratic Republic Of Congo; Congo, The Democratic Republic of the; Demokratische
  Republik Kongo; République démocratique du Congo; República Democrática del Congo; Repubblica
  democratica del Congo; DR Congo
CF CAF Central African Republic; Zentralafrikanische Republik; République Centre-Africaine;
  República Centroafricana; Repubblica Centrafricana
CG COG Congo; Kongo
CH CHE Switzerland; Schweiz; Suisse; Suiza; Svizzera; Schweiz/Suisse/Svizzera
CI CIV Côte d'Ivoire; Elfenbeinküste; Costa de Marfil; Costa d'Avorio; Ivory Coast
CK COK Cook Islands; Cook-Inseln; Îles Cook; Islas Cook; Isole Cook
CL CHL Chile; Chili; Cile
CM CMR Cameroon; Kamerun; Cameroun; Camerún
CN CHN China; Chine; Cina; 中国; People's Republic of China
CO COL Colombia; Kolumbien; Colombie
CR CRI Costa Rica
CU CUB Cuba; Kuba
CV CPV Cape Verde; Cabo Verde; Kap Verde; Cap Vert; Capo Verde
CW CUW Curaçao
CX CXR Christmas Island; Weihnachtsinsel; Île Christmas; Isla Christmas; Isola di Natale
CY CYP Cyprus; Zypern; Chypre; Chipre; Cipro
CZ CZE Czech Republic; Czechia; Tschechische Republik; République Tchèque; Chequia; Repubblica
  Ceca; Česká republika; República Checa
DE DEU Germany; Deutschland; Allemagne; Alemania; Germania; BRD; Federal Republic of Germany;
  Bundesrepublik Deutschland
DJ DJI Djibouti; Dschibuti; Yibuti; Gibuti
DK DNK Denmark; Dänemark; Dinamarca; Danimarca; Danmark
DM DMA Dominica; Dominique
DO DOM Dominican Republic; Dominikanische Republik; République Dominicaine; República Dominicana;
  Repubblica Dominicana
DZ DZA Algeria; Algerien; Algérie; Argelia
EC ECU Ecuador; Equateur
EE EST Estonia; Estland; Estonie; Eesti
EG EGY Egypt; Ägypten; Egypte; Egipto; Egitto
EH ESH Western Sahara; Westsahara; Sahara Occidental; Sahara Occidentale
ER ERI Eritrea; Erythrée
ES ESP Spain; Spanien; Espagne; España; Spagna
ET ETH Ethiopia; Äthiopien; Ethiopie; Etiopía
FI FIN Finland; Finnland; Finlande; Finlandia; Suomi
FJ FJI Fiji; Fidschi; Fidji; Fiyi; Figi
FK FLK Falkland Islands; Falkland Islands (Malvinas); Falkland-Inseln; Îles Malouines; Islas
  Malvinas; Isole Falkland
FM FSM Micronesia; Micronesia, Federated States of; Mikronesien; Micronésie
FO FRO Faroe Islands; Färöer-Inseln; Îles Féroé; Islas Feroe; Isole Færoer
FR FRA France; Frankreich; Francia
GA GAB Gabon; Gabun
GB GBR United Kingdom; Vereinigtes Königreich; Royaume-Uni; Reino Unido; Regno Unito; UK; Great
  Britain; England; Scotland; Wales; Northern Ireland; Großbritannien; Grande-Bretagne; Gran
  Bretaña; Gran Bretagna
GD GRD Grenada; Grenade; Granada
GE GEO Georgia; Georgien; Géorgie
GF GUF French Guiana; Französisch-Guayana; Guyane française; Guayana Francesa; Guayana Francese
GG GGY Guernsey; Guernesey
GH GHA Ghana
GI GIB Gibraltar; Gibilterra
GL GRL Greenland; Grönland; Groenland; Groenlandia
GM GMB Gambia; Gambie
GN GIN Guinea; Guinée
GP GLP Guadeloupe; Guadalupe; Guadalupa
GQ GNQ Equatorial Guinea; Äquatorial-Guinea; Guinée Equatoriale; Guinea Ecuatorial; Guinea
  Equatoriale
GR GRC Greece; Griechenland; Grèce; Grecia; Ελλάδα
GS SGS South Georgia And The South Sandwich Islands; Süd-Georgia und die südlichen
  Sandwich-Inseln; Géorgie du Sud et îles Sandwich du Sud; Islas Georgia del Sur y Sandwich del
  Sur; Georgia del sud e isole Sandwich meridionali
GT GTM Guatemala
GU GUM Guam
GW GNB Guinea-Bissau; Guinée-Bissau
GY GUY Guyana
HK HKG Hong Kong
HM HMD Heard Island And McDonald Islands; Heard- und McDonald-Inseln; Île Heard et îles McDonald;
  Islas Heard y McDonald; Isole Heard e McDonald
HN HND Honduras
HR HRV Croatia; Kroatien; Croatie; Croacia; Croazia; Hrvatska
HT HTI Haiti
HU HUN Hungary; Ungarn; Hongrie; Hungría; Ungheria; Magyarország
ID IDN Indonesia; Indonesien; Indonésie
IE IRL Ireland; Irland; Irlande; Irlanda; Republic of Ireland; Éire
IL ISR Israel; Israele
IM IMN Isle Of Man; Ile de Man; Isla de Man; Isola di Man
IN IND India; Indien; Inde
IO IOT British Indian Ocean Territory; Britische Territorien im Indischen Ozean; Territoires
  britanniques de l'Océan Indien; Territorio Británico del Océano Índico; Territorio britannico
  dell'Oceano Indiano
IQ IRQ Iraq; Irak
IR IRN Iran; Iran, Islamic Republic of
IS ISL Iceland; Island; Islande; Islandia; Islanda
IT ITA Italy; Italien; Italie; Italia
JE JEY Jersey
JM JAM Jamaica; Jamaika; Jamaïque; Giamaica
JO JOR Jordan; Jordanien; Jordanie; Jordania; Giordania
JP JPN Japan; Japon; Giappone; 日本
KE KEN Kenya; Kenia
KG KGZ Kyrgyzstan; Kirgistan; Kirguizistán; Kirghizistan
KH KHM Cambodia; Kambodscha; Cambodge; Camboya; Cambogia
KI KIR Kiribati
KM COM Comoros; Komoren; Comores; Comore
KN KNA Saint Kitts And Nevis; Saint Kitts und Nevis; Saint-Christophe-et-Niévès; San Cristóbal y
  Nieves; Saint Kitts e Nevis
KP PRK North Korea; Korea, Democratic People's Republic of; Nordkorea; Corée du Nord; Corea del
  Norte; Corea del Nord
KR KOR South Korea; Korea, Republic of; Südkorea; Corée du Sud; Corea del Sur; Corea del Sud;
  대한민국; Korea; Republic of Korea
KW KWT Kuwait; Koweit
KY CYM Cayman Islands; Kaiman-Inseln; Îles Caïmans; Islas Caimán; Isole Cayman
KZ KAZ Kazakhstan; Kasachstan; Kazajstán
LA LAO Laos; Lao People's Democratic Republic
LB LBN Lebanon; Libanon; Liban; Líbano
LC LCA Saint Lucia; St. Lucia; Sainte-Lucie; Santa Lucia; Sainte Lucia
LI LIE Liechtenstein
LK LKA Sri Lanka
LR LBR Liberia
LS LSO Lesotho; Lesoto
LT LTU Lithuania; Litauen; Lithuanie; Lituania; Lietuva
LU LUX Luxembourg; Luxemburg; Luxemburgo; Lussemburgo; Lëtzebuerg
LV LVA Latvia; Lettland; Lettonie; Letonia; Lettonia; Latvija
LY LBY Libya; Libyen; Libye; Libia
MA MAR Morocco; Marokko; Maroc; Marruecos; Marocco
MC MCO Monaco
MD MDA Moldova; Moldova, Republic of; Moldau; Moldavie; Moldavia
ME MNE Montenegro
MF MAF Saint Martin; Saint Martin (French part); St. Martin; San Martín
MG MDG Madagascar; Madagaskar
MH MHL Marshall Islands; Marshall-Inseln; Îles Marshall; Islas Marshall; Isole Marshall
MK MKD Macedonia; North Macedonia; Mazedonien; Macédoine
ML MLI Mali
MM MMR Myanmar; Burma
MN MNG Mongolia; Mongolei; Mongolie
MO MAC Macao
MP MNP Northern Mariana Islands; Nördliche Mariannen-Inseln; Îles Mariannes du Nord; Islas
  Marianas del Norte; Isole Marianne settentrionali
MQ MTQ Martinique; Martinica
MR MRT Mauritania; Mauretanien; Mauritanie
MS MSR Montserrat
MT MLT Malta; Malte
MU MUS Mauritius; Maurice; Mauricio; Maurizio
MV MDV Maldives; Maldiven; Maldivas; Maldive
MW MWI Malawi; Malaui
MX MEX Mexico; Mexiko; Mexique; Messico
MY MYS Malaysia; Malaisie; Malasia
MZ MOZ Mozambique; Mosambik; Mozambico
NA NAM Namibia; Namibie
NC NCL New Caledonia; Neukaledonien; Nouvelle-Calédonie; Nueva Caledonia; Nuova Caledonia
NE NER Niger
NF NFK Norfolk Island; Norfolk-Insel; Île Norfolk; Isla Norfolk; Isola Norfolk
NG NGA Nigeria
NI NIC Nicaragua
NL NLD Netherlands; Niederlande; Pays-Bas; Holanda; Paesi Bassi; Nederland; Holland; The
  Netherlands
NO NOR Norway; Norwegen; Norvège; Noruega; Norvegia; Norge
NP NPL Nepal
NR NRU Nauru
NU NIU Niue
NZ NZL New Zealand; Neuseeland; Nouvelle-Zélande; Nueva Zelanda; Nuova Zelanda
OM OMN Oman
PA PAN Panama
PE PER Peru; Pérou
PF PYF French Polynesia; Französisch-Polynesien; Polynésie Française; Polinesia Francesa;
  Polinesia Francese
PG PNG Papua New Guinea; Papua-Neuguinea; Papouasie-Nouvelle-Guinée; Papua Nuova Guinea
PH PHL Philippines; Philippinen; Filipinas; Filippine
PK PAK Pakistan; Paquistán
PL POL Poland; Polen; Pologne; Polonia; Polska
PM SPM Saint Pierre And Miquelon; St. Pierre und Miquelon; Saint-Pierre-et-Miquelon; San Pedro y
  Miquelón; Saint Pierre e Miquelon
PN PCN Pitcairn; Islas Pitcairn
PR PRI Puerto Rico; Porto Rico
PS PSE Palestine; Palestine, State of; Palästina; Palestina
PT PRT Portugal; Portogallo
PW PLW Palau; Belau; Palaos
PY PRY Paraguay
QA QAT Qatar; Katar
RE REU Reunion; La Réunion
RO ROU Romania; Rumänien; Roumanie; Rumania
RS SRB Serbia; Serbien; Serbie
RU RUS Russia; Russian Federation; Russland; Russie; Rusia; Россия
RW RWA Rwanda; Ruanda
SA SAU Saudi Arabia; Saudi-Arabien; Arabie Saoudite; Arabia Saudita
SB SLB Solomon Islands; Solomon-Inseln; Îles Salomon; Islas Salomón; Isole Solomon
SC SYC Seychelles; Seychellen
SD SDN Sudan; Soudan
SE SWE Sweden; Schweden; Suède; Suecia; Svezia; Sverige
SG SGP Singapore; Singapur; Singapour
SH SHN Saint Helena; Saint Helena, Ascension and Tristan da Cunha; St. Helena; Sainte-Hélène;
  Santa Helena; Sant'Elena
SI SVN Slovenia; Slowenien; Slovénie; Eslovenia; Slovenija
SJ SJM Svalbard And Jan Mayen; Svalbard und Jan Mayen; Svalbard et Jan Mayen; Svalbard y Jan
  Mayen; Svalbard e Jan Mayen
SK SVK Slovakia; Slowakei; Slovaquie; Eslovaquia; Slovacchia; Slovenská republika
SL SLE Sierra Leone; Sierra Leona
SM SMR San Marino; Saint-Marin
SN SEN Senegal
SO SOM Somalia; Somalie
SR SUR Suriname; Surinam
SS SSD South Sudan; Südsudan; Sud-Soudan; Sudán del Sur; Sudan del Sud
ST STP Sao Tome And Principe; Sao Tome und Principe; Sao Tomé et Principe; Santo Tomé y Príncipe;
  São Tomé e Principe
SV SLV El Salvador
SX SXM Sint Maarten (Dutch part); Sint Maarten (Niederländischer Teil); Saint-Martin (partie
  néerlandaise); San Martín (región holandesa); Sint Maarten (parte olandese)
SY SYR Syria; Syrian Arab Republic; Syrien; Syrie; Siria
SZ SWZ Swaziland; Eswatini; Swasiland; Suazilandia
TC TCA Turks And Caicos Islands; Turks- und Caicos-Inseln; Îles Turks et Caicos; Islas Turcas y
  Caicos; Isole Turks e Caicos
TD TCD Chad; Tschad; Tchad; Ciad
TF ATF French Southern Territories; Französische Südgebiete; Territoires Français du Sud;
  Territorios Franceses del Sur; Territori Francesi d'Oltremare
TG TGO Togo
TH THA Thailand; Thaïlande; Tailandia; Thailandia
TJ TJK Tajikistan; Tadschikistan; Tadjikistan; Tayikistán; Tagikistan
TK TKL Tokelau
TL TLS Timor-Leste; Timor Oriental
TM TKM Turkmenistan
TN TUN Tunisia; Tunesien; Tunisie; Túnez
TO TON Tonga
TR TUR Turkey; Türkiye; Türkei; Turquie; Turquía; Turchia
TT TTO Trinidad and Tobago; Trinidad und Tobago; Trinité-et-Tobago; Trinidad y Tobago; Trinidad e
  Tobago
TV TUV Tuvalu
TW TWN Taiwan; Taiwan, Province of China
TZ TZA Tanzania; Tanzania, United Republic of; Tansania; Tanzanie
UA UKR Ukraine; Ucrania; Ucraina; Україна
UG UGA Uganda; Ouganda
UM UMI United States Minor Outlying Islands; Übrige Inseln im Pazifik der USA; Dépendances
  américaines du Pacifique; Islas menores alejadas de los Estados Unidos; Isole minori lontane
  degli Stati Uniti
US USA United States; Vereinigte Staaten von Amerika; Etats-Unis; Estados Unidos; Stati Uniti;
  USA; U.S.; United States of America; America; Estados Unidos de América
UY URY Uruguay
UZ UZB Uzbekistan; Usbekistan; Ouzbékistan
VA VAT Vatican; Holy See (Vatican City State); Vatikanstadt; Ciudad del Vaticano; Città del
  Vaticano
VC VCT Saint Vincent And The Grenadines; St. Vincent und die Grenadinen; Saint-Vincent-et-les
  Grenadines; San Vicente y las Granadinas; Saint Vincent e Grenadine
VE VEN Venezuela; Venezuela, Bolivarian Republic of
VG VGB British Virgin Islands; Virgin Islands, British; Britische Jungferninseln; Iles Vierges
  Britanniques; Islas Vírgenes Británicas; Isole Vergini (GB)
VI VIR U.S. Virgin Islands; Virgin Islands, U.S.; Amerikanische Jungferninseln; Iles Vierges
  Américaines; Islas Vírgenes Americanas; Isole Vergini (USA)
VN VNM Vietnam
VU VUT Vanuatu
WF WLF Wallis And Futuna; Wallis und Futuna; Wallis-et-Futuna; Wallis y Futuna; Wallis e Futuna
WS WSM Samoa
YE YEM Yemen; Jemen
YT MYT Mayotte; Mayotta
ZA ZAF South Africa; Südafrika; Afrique du Sud; Sudáfrica
ZM ZMB Zambia; Sambia; Zambie
ZW ZWE Zimbabwe; Simbabwe; Zimbabue
XK XKX Kosovo
"""


def country_code(name: str) -> str | None:
    """The alpha-2 code for a code or a name, or None for one that is not known."""
    return _CODES.get(name) or _CODES.get(_fold(name))


def _fold(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in plain if letter.isalnum())


def _entries() -> Iterator[tuple[str, str]]:
    for row in _TABLE.replace("\n  ", " ").splitlines():
        alpha2, alpha3, names = row.split(" ", 2)
        yield alpha2, alpha2
        for name in (alpha2, alpha3, *names.split(";")):
            yield _fold(name), alpha2


_CODES: Final = dict(_entries())
