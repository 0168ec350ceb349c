"""A simulated marketplace with known truth. Whatever comes from here is synthetic."""

from prismrec.evaluation.simulator.behaviour import Impressions
from prismrec.evaluation.simulator.environment import (
    KINDS,
    Environment,
    EnvironmentSettings,
    Feedback,
    Visits,
)
from prismrec.evaluation.simulator.marketplace import Marketplace, simulate
from prismrec.evaluation.simulator.settings import SimulatorSettings
from prismrec.evaluation.simulator.truth import Truth

__all__ = [
    "KINDS",
    "Environment",
    "EnvironmentSettings",
    "Feedback",
    "Impressions",
    "Marketplace",
    "SimulatorSettings",
    "Truth",
    "Visits",
    "simulate",
]
