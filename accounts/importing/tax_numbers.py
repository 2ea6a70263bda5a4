"""Tax numbers of companies: the rule of the forms, and the check digits as a warning."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.utils.translation import gettext as _
from stdnum import get_cc_module

from accounts.folding import digits
from accounts.forms import TAX_NUMBER_DIGITS
from accounts.importing.reasons import BadValue
from accounts.importing.values import shown
from accounts.models import country_name
from crm.team.models import Country


def check_tax_number(number: str, country: str) -> str:
    """What somebody should look at, or empty. Raises BadValue where a number of that country cannot look so.

    country: empty where unknown; then the number should be right in one of the countries we know. A wrong check digit
    is a warning: ERPs have them, and an account without its number would be worse.
    """
    if country:
        wanted, has = TAX_NUMBER_DIGITS.get(country), len(digits(number))
        if wanted and has not in wanted:
            raise BadValue(
                _("tax_number: a tax number in %(country)s has %(digits)s digits; this one has %(has)s")
                % {
                    "country": country_name(country),
                    "digits": _(" or ").join(str(one) for one in wanted),
                    "has": has,
                }
            )
        module = _module(country)
        if module is None or module.is_valid(number):
            return ""
        return _("tax_number: %(value)s has a wrong check digit for %(country)s") % {
            "value": shown(number),
            "country": country_name(country),
        }
    if any(module.is_valid(number) for code in Country.values if (module := _module(code))):
        return ""
    return _("tax_number: %(value)s is no tax number of a country we know; the row names no country") % {
        "value": shown(number)
    }


@cache
def _module(country: str) -> Any:
    return get_cc_module(country.lower(), "vat")
