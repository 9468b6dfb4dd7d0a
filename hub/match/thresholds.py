"""From how many bits on a pair is linked, looked at by a person, or kept apart."""

from __future__ import annotations

from typing import Final

CERTAIN: Final = 0.75
"""Bits from which a pair is linked: odds of 1.7 to 1 after all priors and look-alikes."""
LEANING: Final = 0.25
"""Bits from which a pair that only a look-alike speaks against is linked where no rival is near."""
STRONG: Final = 8.0
"""Score from which two records are no strangers: one party, or one household, branch, office."""
PROBABLE: Final = 0.0
"""Bits from which a pair is more likely one party than not."""
POSSIBLE: Final = -2.0
"""Bits from which a pair is worth a person's look."""
VETOED: Final = -9.9
"""What a vetoed pair counts at most; from here on others have to outvote it."""
CONFLICT: Final = -10.0
"""Evidence of a pair from which on its two records are never one, whatever holds their clusters."""
