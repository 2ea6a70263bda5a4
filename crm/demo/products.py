"""What the example company sells: pumps and what keeps them running."""

from __future__ import annotations

from typing import NamedTuple


class Article(NamedTuple):
    """One product: net list price in whole units of the base currency; life in months, None where nothing wears out."""

    code: str
    name: str
    price: float
    complexity: int
    life: int | None


class Range(NamedTuple):
    """One product line with its terms. `delivery_days`: working days from order to the promised day."""

    name: str
    returns: str
    exchange: str
    delivery_days: int
    articles: tuple[Article, ...]


MACHINES = frozenset({"Centrifugal pumps", "Dosing pumps", "Compressors"})
"""Lines that are bought seldom and cost much; the others are bought again and again."""

RANGES = (
    Range(
        "Centrifugal pumps",
        "Unused and in the original crate within 14 days.",
        "Old pump taken back against a new one at 8 % of its list price.",
        15,
        (
            Article("CP-140", "Centrifugal pump CP 140, cast iron", 1480, 3, 96),
            Article("CP-180", "Centrifugal pump CP 180, cast iron", 1960, 3, 96),
            Article("CP-220S", "Centrifugal pump CP 220 S, stainless", 3450, 4, 120),
            Article("CP-300S", "Centrifugal pump CP 300 S, stainless", 5280, 4, 120),
            Article("CP-420H", "High-pressure pump CP 420 H", 8900, 5, 120),
            Article("CP-90M", "Monoblock pump CP 90 M", 640, 2, 72),
            Article("CP-SUB60", "Submersible pump SUB 60", 1120, 3, 60),
            Article("CP-SUB90", "Submersible pump SUB 90 with float switch", 1690, 3, 60),
        ),
    ),
    Range(
        "Dosing pumps",
        "No returns once filled with a medium.",
        "Exchange unit within 48 hours while yours is repaired.",
        10,
        (
            Article("DP-2", "Dosing pump DP 2, 2 l/h", 420, 4, 60),
            Article("DP-8", "Dosing pump DP 8, 8 l/h", 610, 4, 60),
            Article("DP-20", "Dosing pump DP 20, 20 l/h", 980, 4, 72),
            Article("DP-60D", "Dosing pump DP 60 D, double head", 2140, 5, 72),
            Article("DP-CAL", "Calibration set for dosing pumps", 260, 3, 36),
            Article("DP-MEM", "Membrane set DP, PTFE", 74, 2, 18),
            Article("DP-STN", "Dosing station, wired and tested", 5600, 5, 96),
        ),
    ),
    Range(
        "Compressors",
        "Within 14 days, less 5 % for restocking.",
        "Loan machine for repairs above five working days.",
        20,
        (
            Article("KS-7", "Screw compressor KS 7.5 kW", 5900, 5, 120),
            Article("KS-11", "Screw compressor KS 11 kW", 7800, 5, 120),
            Article("KS-22", "Screw compressor KS 22 kW, speed controlled", 14600, 5, 132),
            Article("KT-3", "Piston compressor KT 3 kW", 1350, 3, 84),
            Article("KD-40", "Refrigeration dryer KD 40", 1880, 4, 96),
            Article("KR-500", "Air receiver 500 l", 920, 2, 180),
            Article("KSV-1", "Yearly inspection, screw compressor", 480, 5, 12),
        ),
    ),
    Range(
        "Seals and spares",
        "Unopened packs within 30 days.",
        "Wrong size exchanged free of charge.",
        3,
        (
            Article("SE-32", "Shaft seal 32 mm, SiC/SiC", 118, 2, 24),
            Article("SE-45", "Shaft seal 45 mm, SiC/SiC", 164, 2, 24),
            Article("SE-60", "Shaft seal 60 mm, SiC/carbon", 232, 2, 24),
            Article("SE-CART", "Cartridge seal, double", 690, 3, 30),
            Article("SP-IMP140", "Impeller for CP 140", 210, 2, 48),
            Article("SP-IMP220", "Impeller for CP 220 S", 480, 2, 60),
            Article("SP-BRG", "Bearing set CP", 96, 2, 36),
            Article("SP-ORK", "O-ring kit, EPDM, 120 pieces", 38, 1, 24),
            Article("SP-CPL", "Flexible coupling insert", 27, 1, 36),
        ),
    ),
    Range(
        "Valves and fittings",
        "Within 30 days, not cut to length.",
        "Exchange of sizes free of charge within 30 days.",
        5,
        (
            Article("VA-BALL50", "Ball valve DN 50, stainless", 86, 1, 120),
            Article("VA-BALL80", "Ball valve DN 80, stainless", 158, 1, 120),
            Article("VA-BFLY100", "Butterfly valve DN 100", 124, 1, 96),
            Article("VA-BFLY200", "Butterfly valve DN 200, actuated", 940, 3, 96),
            Article("VA-CHK80", "Check valve DN 80", 112, 1, 96),
            Article("VA-SAFE", "Safety valve 10 bar, certified", 218, 3, 24),
            Article("VA-RED", "Pressure reducing valve DN 50", 335, 2, 72),
            Article("VA-FLG", "Flange set DN 80 with bolts", 44, 1, None),
        ),
    ),
    Range(
        "Filters",
        "Sealed packs within 60 days.",
        "Used cartridges are taken back for disposal.",
        3,
        (
            Article("FI-C5", "Filter cartridge 5 µm, box of 12", 92, 1, 6),
            Article("FI-C20", "Filter cartridge 20 µm, box of 12", 78, 1, 6),
            Article("FI-BAG", "Filter bag 50 µm, box of 20", 110, 1, 4),
            Article("FI-HSG", "Filter housing, stainless, 5 cartridges", 860, 2, 120),
            Article("FI-AIR", "Compressed-air filter element", 64, 1, 12),
            Article("FI-UV", "UV lamp, 40 W", 138, 2, 12),
            Article("FI-BACK", "Backwash filter, automatic", 2480, 4, 120),
        ),
    ),
    Range(
        "Hoses and lubricants",
        "Hoses cut to length are not taken back.",
        "None.",
        2,
        (
            Article("HO-25", "Suction hose 25 mm, 20 m", 96, 1, 36),
            Article("HO-50", "Suction hose 50 mm, 20 m", 188, 1, 36),
            Article("HO-FOOD", "Food-grade hose 40 mm, 20 m", 264, 1, 24),
            Article("HO-CAM", "Camlock coupling set DN 50", 48, 1, 60),
            Article("LU-FG20", "Food-grade grease, 20 kg", 172, 1, 12),
            Article("LU-SYN46", "Compressor oil SYN 46, 20 l", 139, 1, 12),
            Article("LU-COOL", "Coolant concentrate, 25 l", 88, 1, 12),
        ),
    ),
    Range(
        "Measuring and control",
        "Uncalibrated instruments within 14 days.",
        "Exchange instrument during calibration.",
        8,
        (
            Article("ME-FLOW50", "Flow meter DN 50, magnetic", 890, 4, 72),
            Article("ME-FLOW100", "Flow meter DN 100, magnetic", 1240, 4, 72),
            Article("ME-PH", "pH probe with cable", 168, 3, 12),
            Article("ME-COND", "Conductivity probe", 215, 3, 18),
            Article("ME-PRES", "Pressure transmitter 0–16 bar", 182, 3, 60),
            Article("ME-LEV", "Level sensor, radar", 640, 4, 96),
            Article("ME-CTRL", "Pump controller, two pumps", 1580, 5, 96),
            Article("ME-VFD11", "Frequency converter 11 kW", 1120, 4, 96),
        ),
    ),
)
