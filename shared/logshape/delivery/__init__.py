"""Delivery: a shipment goes to the sinks, what they do not take goes to the spool, and every event ends somewhere."""

from logshape.delivery.intake import take
from logshape.delivery.outlets import Sinks, connected, declared, own_groups
from logshape.delivery.patience import deadline
from logshape.delivery.shaping import pipeline
from logshape.delivery.shipping import deliver

__all__ = ["Sinks", "connected", "deadline", "declared", "deliver", "own_groups", "pipeline", "take"]
