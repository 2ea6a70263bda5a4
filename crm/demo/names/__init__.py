"""Names of firms, places and persons of the three markets, made up for the example company."""

from crm.demo.names.bulgaria import BULGARIA
from crm.demo.names.hungary import HUNGARY
from crm.demo.names.market import Market
from crm.demo.names.poland import POLAND

MARKETS: dict[str, Market] = {market.country: market for market in (POLAND, BULGARIA, HUNGARY)}
