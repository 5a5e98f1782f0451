"""English words and their opposites: what a twist puts in a word's place, and what a claim must not say instead of its evidence."""

OPPOSITES = """
increase/decrease increased/decreased increases/decreases increasing/decreasing rise/fall rose/fell rises/falls rising/falling grew/shrank
growth/decline more/less most/least many/few higher/lower highest/lowest high/low larger/smaller largest/smallest large/small big/little
bigger/smaller biggest/smallest longer/shorter longest/shortest long/short greater/lesser major/minor majority/minority maximum/minimum first/last
early/late earlier/later earliest/latest before/after begin/end began/ended begins/ends beginning/end start/stop started/stopped start/finish
started/finished open/close opened/closed opening/closing old/new older/newer oldest/newest ancient/modern young/old younger/older youngest/oldest
north/south northern/southern east/west eastern/western northeast/southwest northwest/southeast left/right upper/lower above/below top/bottom
inside/outside internal/external inner/outer front/back win/lose won/lost wins/loses winner/loser winning/losing victory/defeat success/failure
successful/unsuccessful succeeded/failed accept/reject accepted/rejected accepts/rejects allow/forbid allowed/forbidden allows/forbids
permitted/prohibited legal/illegal include/exclude included/excluded includes/excludes buy/sell bought/sold buys/sells buyer/seller import/export
imports/exports imported/exported gain/loss gained/lost profit/loss rich/poor richest/poorest cheap/expensive cheapest/expensive strong/weak
stronger/weaker strongest/weakest fast/slow faster/slower fastest/slowest hot/cold hottest/coldest warm/cool wet/dry light/dark heavy/light hard/soft
easy/difficult simple/complex common/rare public/private male/female men/women man/woman boys/girls boy/girl father/mother son/daughter brother/sister
husband/wife king/queen friend/enemy friends/enemies ally/rival war/peace attack/defend attacked/defended support/oppose supported/opposed
supports/opposes supporters/opponents agree/disagree agreed/disagreed positive/negative good/bad better/worse best/worst true/false present/absent
presence/absence always/never everyone/nobody with/without create/destroy created/destroyed creates/destroys build/demolish built/demolished
found/lost join/leave joined/left enter/leave entered/left arrive/depart arrived/departed arrival/departure birth/death born/died alive/dead
life/death love/hate loved/hated remember/forget known/unknown popular/unpopular famous/obscure visible/invisible possible/impossible able/unable
necessary/unnecessary similar/different same/different equal/unequal rural/urban urban/rural domestic/foreign local/foreign national/international
natural/artificial permanent/temporary active/inactive regular/irregular direct/indirect official/unofficial formal/informal add/remove added/removed
adds/removes push/pull raise/lower raised/lowered expand/contract expanded/contracted appear/disappear appeared/disappeared connect/separate
connected/separated unite/divide united/divided protect/endanger protected/endangered help/hinder helped/hindered encourage/discourage
encouraged/discouraged strengthen/weaken strengthened/weakened improve/worsen improved/worsened advantage/disadvantage advantages/disadvantages
benefit/harm benefits/drawbacks cause/prevent caused/prevented causes/prevents approve/veto approved/vetoed elected/defeated hired/fired
appointed/dismissed employed/unemployed full/empty near/far nearest/farthest minimum/maximum day/night morning/evening summer/winter spring/autumn
liquid/solid acid/base simple/complicated single/multiple
approve/disapprove approved/disapproved approves/disapproves allowed/prohibited include/omit included/omitted
landlord/tenant employer/employee lender/borrower creditor/debtor lessor/lessee licensor/licensee plaintiff/defendant host/guest doctor/patient
show/hide shows/hides showed/hid shown/hidden once/before keeps/drops keep/drop kept/dropped religious/secular liberal/conservative
""".split()


def _opposites() -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for pair in OPPOSITES:
        one, other = pair.split("/")
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {word: tuple(sorted(others)) for word, others in found.items()}


OPPOSITE = _opposites()
"""The opposites of each word, both ways."""
