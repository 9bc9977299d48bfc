"""Replies of every kind, as a server would send them, by a word in what the citizen says."""

from channels.channel import Choice, Link, Quote, Reply

PASSPORT = "https://www.canada.ca/en/immigration-refugees-citizenship/services/canadian-passports.html"
PASSEPORT = "https://www.canada.ca/fr/immigration-refugies-citoyennete/services/passeports-canadiens.html"
HARMFUL = "<img src=x onerror=\"document.title='harmed'\"><script>document.title='harmed'</script>"

EN_COST = Quote(
    text=(
        "A 10-year adult passport costs $163.50 and a 5-year one $122.50. You can pay:\n\n"
        "- by credit card\n- by debit card\n- by certified cheque or money order"
    ),
    title="Renew an adult passport",
    section="Cost",
    url=f"{PASSPORT}#cost",
    publisher="Immigration, Refugees and Citizenship Canada",
    as_of="2026-03-31",
    language="en",
)
FR_COST = Quote(
    text="Un passeport de 10 ans pour adulte coûte 163,50 $.\n\n1. Remplissez le formulaire.\n2. Payez les droits.",
    title="Renouveler un passeport pour adulte",
    section="Coût",
    url=f"{PASSEPORT}#cout",
    publisher="Immigration, Réfugiés et Citoyenneté Canada",
    as_of="2026-03-01",
    language="fr",
)
TABLE = Quote(
    text="It depends on where you apply:\n\nWhere | Time\nIn person | 10 business days\nBy mail | 20 business days",
    title="Renew an adult passport",
    section="How long it takes",
    url=None,
    publisher="Immigration, Refugees and Citizenship Canada",
    as_of=None,
    language="en",
)

ANSWERED = Reply(
    text="Here is what it costs to renew a passport.",
    quotes=(EN_COST,),
    links=(
        Link("Replace a lost or stolen passport", PASSPORT, "Immigration, Refugees and Citizenship Canada"),
        Link("Apply for a first passport", None, "Immigration, Refugees and Citizenship Canada"),
    ),
    choices=(
        Choice("How long does it take?", "How long does it take to renew a passport?"),
        Choice("What do I need?", "What do I need to renew a passport?"),
    ),
    outcome="answered",
    asks_feedback=True,
)
REPONDU = Reply(
    text="Voici ce que coûte le renouvellement d’un passeport.",
    quotes=(FR_COST,),
    choices=(Choice("Combien de temps faut-il?", "Combien de temps faut-il pour renouveler un passeport?"),),
    language="fr",
    outcome="answered",
    asks_feedback=True,
)
CLARIFY = Reply(
    text="Which one do you mean?",
    choices=(Choice("Passport", "Renew a passport"), Choice("Health card", "Renew a health card")),
    outcome="clarify",
)
NOT_FOUND = Reply(
    text="I found nothing published that answers this.\n\nYou can call 1-800-622-6232.",
    links=(Link("All services", "https://www.canada.ca/en/services.html", "Government of Canada"),),
    outcome="not_found",
    asks_feedback=True,
)
MIXED = Reply(text="This is published in French only.", quotes=(FR_COST, TABLE), outcome="answered")
AGENT = Reply(text="Hello, this is Sam from the desk. How can I help?", sender="desk")
HOSTILE = Reply(
    text=HARMFUL,
    quotes=(Quote(HARMFUL, HARMFUL, HARMFUL, "javascript:alert(1)", HARMFUL, "2026-03-31", "en"),),
    links=(Link(HARMFUL, "data:text/html,<script>alert(1)</script>", HARMFUL),),
    choices=(Choice(HARMFUL, HARMFUL),),
    outcome="answered",
)
UNKNOWN = Reply(text="You said it, and I have heard it.")

BY_WORD: dict[str, tuple[Reply, ...]] = {
    "cost": (ANSWERED,),
    "coûte": (REPONDU,),
    "renew": (CLARIFY,),
    "weather": (NOT_FOUND,),
    "french": (MIXED,),
    "person": (AGENT,),
    "hostile": (HOSTILE,),
    "twice": (UNKNOWN, CLARIFY),
    "nothing": (),
}


def replies(text: str) -> tuple[Reply, ...]:
    """What is answered to a text."""
    return next((found for word, found in BY_WORD.items() if word in text.lower()), (UNKNOWN,))
