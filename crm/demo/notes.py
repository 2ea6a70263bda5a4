"""What was said: notes of touchpoints, promises, complaints, decisions. Put together from a few hundred pieces.

Slots: {who} first name of the person, {product}, {rival} a competitor, {n} a small number, {month}, {day} a weekday.
"""

from __future__ import annotations

RIVALS = ("Aquadyn", "Sealmark", "Norpump", "Hidroval", "Fluxor")
"""Competitors as the customers name them; none exists."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")

OPENINGS: dict[str, tuple[str, ...]] = {
    "visit": (
        "Walked the hall with {who}.",
        "Met {who} and the shift leader.",
        "An hour with {who} in the pump room.",
        "Visited as agreed; {who} had taken the time.",
        "Coffee with {who}, then a look at line {n}.",
        "Saw the new building with {who}.",
    ),
    "video": (
        "Video call with {who}, the plant shown by phone camera.",
        "Went through the drawings with {who} on screen.",
        "Short video meeting, {who} and maintenance.",
        "Screen shared with {who}: consumption of the last year.",
    ),
    "phone": (
        "Reached {who} at once.",
        "Call with {who}.",
        "{who} rang back after lunch.",
        "Quick call, {who} was on the way to a meeting.",
        "Spoke with {who} about the running orders.",
        "",
        "",
    ),
    "email": (
        "Mail to {who}, answered the same day.",
        "Mail exchange with {who}.",
        "Sent {who} the overview; short answer.",
        "",
    ),
    "letter": ("Letter to {who}.",),
    "material": ("Sent {who} the new catalogue pages.",),
    "event": ("Met {who} at the trade fair.", "{who} came to our seminar on energy costs."),
}

DETAILS: dict[str, tuple[str, ...]] = {
    "new_order": (
        "Orders {n} × {product}, confirmation follows.",
        "Ordered {product} on the spot because the old one leaks.",
        "The {month} order is confirmed, as last year plus {n} pieces.",
        "Wants {product} before the shutdown in {month}; ordered.",
        "Took the offer for {product} without bargaining.",
        "Call-off for {n} × {product} out of the yearly contract.",
    ),
    "new_information": (
        "Second line starts in {month}; needs sizing for {n} pumps.",
        "Budget for next year is open until the end of {month}.",
        "Compares us with {rival} on delivery time, not on price.",
        "{rival} offered {product} {n} % cheaper; stays with us if we keep the dates.",
        "Names {rival} as second supplier for spares since {month}.",
        "The purchasing manager retires in {month}; successor comes from inside.",
        "Energy audit in {month}: interested in speed-controlled drives.",
        "They will insource the maintenance, {n} fitters from {month} on.",
        "New owner wants one supplier for all sites by {month}.",
        "Asked for a second quotation with {product} as an alternative.",
        "Stock of {product} lasts until {month}, then a larger order.",
        "Water authority demands new meters by {month}.",
        "Production is down {n}0 % until {month}; orders will be smaller.",
        "Expands the cold store; tender comes out in {month}.",
        "Wants delivery on {day}s only, the ramp is closed otherwise.",
        "Invoice address changes with the new company form in {month}.",
        "Offer for {product} is with the board, answer by {day}.",
        "Looks at {rival} for compressors because of the service contract.",
    ),
    "relationship": (
        "All quiet, content with the last delivery.",
        "Nothing on the desk now, glad we asked.",
        "Long talk about the apprentices they cannot find.",
        "Thanked us for the quick seal kit in {month}.",
        "Congratulated on {n}0 years of the firm.",
        "Back from holiday, catches up first; good mood.",
        "Praised the fitter who came on {day}.",
        "Talked about the match more than about pumps.",
        "Asked after our new catalogue and about the people here.",
        "Wished good luck for the audit.",
    ),
    "nothing": (
        "No need at present.",
        "No time for us today.",
        "Everything in stock, ask again in {month}.",
        "Says head office decides, gives no name.",
        "Buys where it is cheapest this month; that is {rival}.",
        "No answer to the offer yet.",
        "Short and polite, nothing new.",
    ),
    "not_reached": (
        "No answer.",
        "In a meeting until four.",
        "On holiday until {day}.",
        "Line engaged twice.",
        "Secretary takes a message.",
        "Out in the plant, no mobile there.",
    ),
    "unwelcome": (
        "Asked not to be called before {month}.",
        "Annoyed by three calls in a fortnight from different people of ours.",
        "Wants no sales calls; e-mail only if there is something new.",
    ),
}

CLOSINGS: tuple[str, ...] = (
    "Next time bring the sample.",
    "Ask for the drawing.",
    "Mention the exchange terms.",
    "Best reached before nine.",
    "Bring maintenance in next time.",
    "Check the delivery date first.",
    "Send the data sheet in their language.",
    "Take the yearly figures along.",
    "Greet the accounts department, they help.",
)

INBOUND: tuple[str, ...] = (
    "{who} rang: where is the delivery of {product}?",
    "{who} asked for a price for {n} × {product}.",
    "{who} wants the declaration of conformity for {product}.",
    "Question about the warranty of {product}; answered.",
    "{who} asked to move the delivery to {day}.",
    "{who} wanted a copy of the last invoice.",
)

PROMISES: tuple[str, ...] = (
    "Send the offer for {product}",
    "Send the corrected invoice",
    "Confirm the delivery date of {product}",
    "Bring a sample of {product}",
    "Name a fitter for the start-up",
    "Send the price list for seals",
    "Send the declaration of conformity for {product}",
    "Reckon the energy saving with a frequency converter",
    "Ask the works about a shorter delivery time",
    "Call back with an answer on the payment term",
    "Send the drawing of {product}",
    "Find a loan pump for the shutdown",
    "Check the old pump for the exchange price",
)

NEXT_STEPS: tuple[str, ...] = (
    "Show {product} on site",
    "Walk line {n} with maintenance",
    "Go through the yearly figures",
    "Agree the service contract",
    "Meet the new head of purchasing",
    "Take over the pump for the exchange",
)

COMPLAINTS: dict[str, tuple[str, ...]] = {
    "not_as_ordered": (
        "{product}: DN 50 came instead of DN 80.",
        "Two of six pieces of {product} are the wrong material.",
        "Delivered in the wrong colour code; the hall uses blue.",
    ),
    "quality": (
        "{product} leaks after three weeks.",
        "{product} is louder than the data sheet says.",
        "{product} stops twice a week and nobody knows why.",
    ),
    "quality_of_goods": (
        "{product}: the packing was torn and part of it useless.",
        "{product} wears out in half the time it should last.",
        "{product}: a third of the last delivery does not fit.",
    ),
    "late_delivery": (
        "{product} came {n} days late, the line stood still.",
        "Third late delivery this year; nobody told us.",
        "Promised for {day}, came a week later.",
    ),
    "promise_not_kept": (
        "The fitter was promised for {day} and did not come.",
        "We were promised a call back and heard nothing for {n} days.",
    ),
    "lacks_feature": (
        "{product} has no Modbus, though we were told it has.",
        "We believed the mounting plate of {product} was included.",
        "{product}: the works test certificate was promised and is missing.",
    ),
    "lacks_feature_of_goods": (
        "{product}: we believed it was approved for drinking water.",
        "{product}: the certificate that was promised is missing.",
    ),
    "other": ("The driver left the pallet in the rain.", "The invoice went to the wrong department twice."),
}

ACCOUNT_NOTES: tuple[str, ...] = (
    "Gate 3, bring the pass. No trucks after 14:00.",
    "Framework contract until the end of next year, prices fixed.",
    "Needs three quotations above 5,000; ours must be in their form.",
    "Invoices by e-mail to accounting, order number in the subject.",
    "Hygiene area: safety shoes and a health declaration for visits.",
    "Shutdown in week 33 every year; orders for it come in June.",
    "The site has its own workshop; they fit seals themselves.",
    "Head office decides on machines, the plant on spares.",
    "Was with a competitor until two years ago, came back for the service.",
)

PREFERRED_TIMES: tuple[str, ...] = (
    "No calls before 10:00.",
    "Best before 9:00, then in production.",
    "Not on Mondays.",
    "Tuesdays or Thursdays.",
    "E-mail first, then a call.",
    "After 14:00.",
    "First Tuesday of the month, 10:00.",
    "Never at month end.",
)

POSITIONS: dict[str, tuple[tuple[str, ...], int]] = {
    # What a person of each role in buying is called, and how much influence that usually means.
    "decides": (
        ("Managing Director", "Owner", "Plant Manager", "Head of Purchasing", "Technical Director"),
        3,
    ),
    "influences": (("Head of Maintenance", "Production Manager", "Process Engineer", "Quality Manager"), 2),
    "uses": (("Shift Leader", "Maintenance Fitter", "Workshop Foreman", "Laboratory Manager"), 1),
    "pays": (("Accounts Payable", "Chief Accountant", "Financial Controller"), 1),
    "gatekeeper": (("Office Manager", "Assistant to the Board", "Reception"), 1),
}

DECISION_NOTES: dict[str, tuple[str, ...]] = {
    "competitor_prices": (
        "{rival} undercut us by {n} % on spares.",
        "They split the spares order with {rival}.",
    ),
    "delivery": ("Two late deliveries in the spring, they ordered elsewhere.",),
    "lost_person": ("Our contact left; the successor does not know us yet.",),
    "neglect": ("No visit for half a year: our own doing.", "Fell between two reps during the handover."),
    "price_driven": ("Buys by the list only, from whoever is cheapest.",),
    "payment": ("Pays after the third reminder; we hold deliveries.",),
    "seasonal": ("Buys before the season; nothing lost.",),
    "growing_need": ("New line since spring, need grows for good.", "They took over a second site."),
    "won_share": ("Moved their filters to us as well.", "We replaced {rival} for pumps."),
    "other": ("One big order, no trend.", "Wait for the next quarter before we cut the visits."),
}
