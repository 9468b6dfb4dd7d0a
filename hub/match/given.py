"""Short and foreign forms of given names: the PyPI list is English, ours adds its neighbours."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from nicknames import NickNamer

from hub.match.texts import skeleton

_OWN: Final = """
alexander: alex sascha sasha xander alejandro alessandro alexandre sandro
alexandra: alex sandra sascha alessandra alejandra
andreas: andi andy andrew andrea andre andres
anna: anne anni annie anja hanna ana anita
antonio: toni tonio anton antoine antony anthony tony antonius
barbara: babs babsi babsy baerbel barbi basia varvara bea
benedikt: ben beni bene benedict benedetto
benjamin: ben benni benny beniamino
bernhard: bernd berni bernard bernardo
catherine: cathy cathie katharina catalina caterina
charlotte: lotte charly lotti carlotta
christian: chris christiaan cristian cristiano
christina: tina chris christine kristina kerstin cristina
christoph: chris christopher christophe cristobal cristoforo stoffel
cornelia: conny nelly
daniela: dani danielle
dominik: dominic dominique domenico domingo nik
dorothea: doris dora thea dorothee
eduard: edi eddie edward eduardo edouard edoardo
elisabeth: elizabeth lisa lisbeth elise else liesl elsbeth sissi betty bettina elisa isabel
emanuel: manuel manu manni emmanuel emanuele
ferdinand: ferdi fernando ferdinando
francesco: ciccio franco francois francisco paco franz frank frances
francisco: paco pancho curro paquito francesco francois franz
franziska: franzi francesca francisca francoise
friedrich: fritz friedel fred frederick frederic federico frederik
georg: schorsch george georges giorgio jorge joerg juergen
gerhard: gerd gerard gerardo
giovanni: gianni nino vanni giannino johannes john juan jean
giuseppe: beppe peppe pino joseph josef jose
guillermo: memo william wilhelm guillaume guglielmo
gustav: gustl gustavo gustave
heinrich: heinz heiner hein hinrich henry henri enrique enrico
helene: lena leni helen helena elena
ignacio: nacho ignaz ignazio
jakob: jacob jacques jacopo giacomo jaime james diego santiago
jean: john johannes giovanni juan jeannot
joachim: jochen achim joaquin gioacchino
johanna: hanna jo hannah johanne joan giovanna juana jeanne
johannes: hans johann hannes jan jean john juan giovanni jens joni ivan
josef: sepp jupp joseph jose josep giuseppe beppo joe jo
jose: pepe josef joseph giuseppe
juan: juanito johannes john jean giovanni
karl: carl charles carlo carlos kalle charly
katharina: kathi kati katja karin kathrin katrin käthe catherine katherine caterina catalina
klaus: nikolaus claus
konrad: conny kurt conrad corrado
konstantin: kosta constantin costantino
leonhard: leo leonard leonardo lennart
lorenz: lawrence laurence lorenzo laurent lars
ludwig: lutz louis luis luigi lewis wiggerl wiggl
magdalena: lena leni magda maddalena madeleine
manuel: manolo manu emanuel
margarete: grete gretel gretchen rita margret margit margaret margherita margarita marguerite greta
maria: mia mary marie mariechen mitzi
mathilde: tilda tilly matilda
matthias: matze hias mathieu matthew mateo matteo matthieu
maximilian: max maxi massimiliano maximiliano maximilien
michael: michi michel mike michele miguel mischa
michele: michael michel
nikolaus: klaus niklas nico niko nicolas nicholas nicola nicolo
olivier: oliver oli olli
patrick: pat patrice patrizio patricio
paul: paolo pablo pauli pol paulo
peter: pit piet pierre pedro pietro petro
philipp: phil philip philippe felipe filippo lipp
rafael: rafa raphael raffaele rafi
richard: riccardo ricardo ritchie rick
robert: rob roberto robi bert bob
rosario: charo saro
rudolf: rudi rolf rodolfo rudolph
salvatore: toto turi salvo salvador
sebastian: basti bastian wastl sebastiano sebastien
siegfried: siggi sigi
sofia: sophie sophia sofie
stefan: steff steffen stephan stephen steven stefano esteban etienne
stefanie: steffi stephanie stefania estefania
susanne: susi sanne susan susanna suzanne susana sanna
therese: resi theresa teresa tess thea
thomas: tom tomas tommaso tommy
ulrich: uli ulli ulrico
ursula: uschi ulla
valentin: vale valentino
veronika: vroni veronica veronique
viktoria: vicky victoria vittoria victoire
vincent: vincenzo vicente vinzenz enzo
walter: walther waldi gualtiero
werner: wern vernon
wilhelm: willi willy will helmut william guillermo guillaume guglielmo wim
wolfgang: wolf wolfi
xaver: xavier xaverl javier saverio
agnes: nesa ines
alberto: beto tino albert
alessandro: ale sandro
alfred: fredi fred alfredo
alois: loisl luis
angelika: geli angela angelica angelique
anneliese: anne liese
antonella: anto nella
antonius: toon ton teun anton
august: gustl augusto auguste
brigitte: gitte gitti biggi birgit brigitta brigida
caterina: rina cate katharina
christine: christl christel christa tina chrissy chris kirsten
claudia: claudi claude
concepcion: concha conchita
consuelo: chelo
cornelis: kees cor
dietrich: dieter dietmar
dolores: lola loli
domenico: mimmo nico dominik
dominique: dom dominik
eberhard: ebi
elisabetta: betta lisa elisabeth
ernst: ernest ernesto
eugen: eugene eugenio
federica: fede friederike
filippo: pippo philipp
francesca: franca chicca checca franziska
francoise: fanchon franziska
gabriele: gabi gaby gabriela gabriella gabrielle lele
gertrud: trude gertrude traudel
giovanna: gianna johanna
giuseppina: pina peppina giusy josefine
gottfried: friedl
guadalupe: lupe
hartmut: hardy
hendrik: henk rik heinrich
hermann: manni herman
hildegard: hilde
hubert: hubi huberto
ingeborg: inge
isabel: isa isabella isabelle
jacobus: koos jaap jakob
jacqueline: jackie
jesus: chus chuy
josefa: pepa josefine
josefine: josi fini josephine
leopold: poldi
luigi: gigi gino ludwig
luis: lucho ludwig
madeleine: mado
manfred: manni fredl fredi fred
manuela: manoli manu
maria: marijke mieke ria maren marion
marguerite: margot
martin: martl martino
melanie: melli mel
mercedes: merche meche
monika: moni monica monique
natalie: nathalie natalia nati
norbert: bert norberto
philippe: phil filou
pieter: piet peter
pilar: pili
raffaele: lele rafael
reinhard: reini hardy
rosemarie: rosi rosmarie
rosa: rosi rosita
sabine: bine sabina sabrina
stephanie: steph fanny
teresa: tere maite therese
theodor: theo teo theodore teodoro theodorus
tobias: tobi tobia
veronique: vero
viktor: vik victor vittorio
waltraud: traudl traudel
willem: wim wilhelm
aleksandra: ola sasha alexandra
aleksei: alyosha lyosha alexei alexey alexis
alexander: sasha aleksandr aleksander oleksandr olek
anna: ania anya anula annushka
bartosz: bartek bartlomiej
dmitri: dima dmitry dmitrij mitya
ekaterina: katya catherine katharina
elena: lena yelena helena
elisabeth: lisi lissi lilli elzbieta ela
eva: evi ewa evchen
evgeny: zhenya evgeni yevgeny eugen
franz: franzl ferenc frantisek franciszek
gertrud: gerti traudi
gisbert: gijs gijsbert
hedwig: hedi hedy jadwiga
helga: heli
ivan: vanya vanja iwan
jakub: kuba jakob
jerzy: jurek georg
joanna: asia johanna
johannes: hansi hansl janek joop giannis yannis ioannis
katarzyna: kasia katharina
karl: karli karol karel
krzysztof: krzysiek christoph
kurt: kurti
leopold: poldl
malgorzata: gosia margarete
margarete: greti gretl
maria: masha marysia mizzi
michael: michal mikhail misha micha
nikolaus: kolya nikolai nikos mikolaj
oskar: ossi oscar
pawel: pavel paul pavol
petr: petya petros
piotr: piotrek peter
roland: roli
rosa: rosl
sabine: bini
sergei: seryozha sergey sergej
stanislaw: staszek stanislav
tatiana: tanya tanja
tomasz: tomek thomas
vladimir: volodya vova wladimir volodymyr
wojciech: wojtek
yuri: yura jurij juri yuriy
zofia: zosia sofia
agnieszka: aga agnes
andrzej: jedrek andreas
barbara: basia baska
boguslaw: bogus bogdan
danuta: danka
dariusz: darek dario
dorota: dorotka dorothea
edward: edek eduard
elzbieta: ela elisabeth
grzegorz: grzesiek gregor
halina: halinka
hanna: hania anna
henryk: heniek heinrich
jadwiga: jadzia hedwig
jaroslaw: jarek
kazimierz: kazik
maciej: maciek matthias
magdalena: madzia
malgorzata: malgosia
miroslaw: mirek
monika: monia
przemyslaw: przemek
radoslaw: radek
renata: renia
ryszard: rysiek rysio richard
slawomir: slawek
stefania: stefcia stefanie
tadeusz: tadek
wieslaw: wiesiek
wladyslaw: wladek ladislaus
zbigniew: zbyszek
zdzislaw: zdzisiek
zygmunt: zygmus siegmund
frantisek: franta fanda franz
jaroslav: jarda
josef: pepa josip
lajos: ludwig
laszlo: laci ladislaus
istvan: pista stefan
ferenc: feri
gyorgy: gyuri georg
""".strip()


def _own_table() -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for line in _OWN.splitlines():
        head, _, tail = line.partition(":")
        for form in tail.split():
            table.setdefault(skeleton(form), set()).add(skeleton(head))
    return {form: frozenset(roots) for form, roots in table.items()}


_ROOTS: Final = _own_table()


@lru_cache(maxsize=1)
def _english() -> dict[str, frozenset[str]]:
    lookup = NickNamer().canonical_lookup
    return {
        skeleton(form): frozenset(skeleton(root) for root in roots)
        for form, roots in lookup.items()
    }


@lru_cache(maxsize=32_768)
def root_names(given: str) -> frozenset[str]:
    """The name itself and the full names it may be short for: bob gives bob and robert."""
    return frozenset({given}) | _ROOTS.get(given, frozenset()) | _english().get(given, frozenset())
