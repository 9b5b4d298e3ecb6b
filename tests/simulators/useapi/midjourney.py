"""The simulated Midjourney's answer to `/info`."""

import random
from datetime import datetime, timedelta
from typing import Final

from tests.simulators.useapi.accounts import Plan

FAST_TIME: Final = {
    Plan.BASIC: (200.0, "minutes"),
    Plan.STANDARD: (15.0, "hours"),
    Plan.PRO: (30.0, "hours"),
    Plan.MEGA: (60.0, "hours"),
}


def midjourney_info(plan: Plan, user_id: str, rng: random.Random, now: datetime) -> str:
    """Write what Midjourney answers to `/info`, in the layouts that were captured from it.

    Mega and Standard as in useapi.net docs, POST jobs/info; the others padded, Pro and Basic with a job mode,
    as in the README of github.com/erictik/midjourney-api; the trial without totals, in minutes.
    """
    lines = _subscription_lines(plan, rng, now) + _usage_lines(rng)
    if plan in {Plan.MEGA, Plan.STANDARD}:
        return "\n".join([f"**User ID**: {user_id}", *(f"**{label}**: {value}" for label, value in lines)])
    padded = (f"**{label}**:".ljust(32) + value for label, value in lines)
    return "\n".join(padded)


def _subscription_lines(plan: Plan, rng: random.Random, now: datetime) -> list[tuple[str, str]]:
    if plan is Plan.TRIAL:
        left = f"{rng.choice((25.0, 11.5, 0.0)):.2f} minutes"
        return [
            ("Subscription", "None (Trial)"),
            ("Visibility Mode", "Public"),
            ("Fast Time Remaining", left),
        ]
    renews = int((now + timedelta(days=rng.randrange(1, 30), minutes=rng.randrange(1440))).timestamp())
    cycle = rng.choice(("monthly", "yearly"))
    lines = [("Subscription", f"{plan} (Active {cycle}, renews next on <t:{renews}>)")]
    if plan in {Plan.PRO, Plan.BASIC}:
        lines.append(("Job Mode", rng.choice(("Fast", "Relaxed", "Turbo"))))
    lines.append(("Visibility Mode", "Stealth" if plan is Plan.PRO else "Public"))
    lines.append(("Fast Time Remaining", _fast_time(plan, rng)))
    return lines


def _fast_time(plan: Plan, rng: random.Random) -> str:
    total, unit = FAST_TIME[plan]
    left = round(total * rng.choice((1.0, 0.9858, 0.61, 0.34, 0.07, 0.0)), 2)
    percent = f"{100 * left / total:.2f}".rstrip("0").rstrip(".")
    return f"{left}/{total} {unit} ({percent}%)"


def _usage_lines(rng: random.Random) -> list[tuple[str, str]]:
    relaxed = rng.randrange(900)
    lifetime = relaxed + rng.randrange(20_000)
    return [
        ("Lifetime Usage", f"{lifetime} images ({lifetime / 92.6:.2f} hours)"),
        ("Relaxed Usage", f"{relaxed} images ({relaxed / 99.1:.2f} hours)\n"),
        ("Queued Jobs (fast)", str(rng.choice((0, 0, 0, 2)))),
        ("Queued Jobs (relax)", str(rng.choice((0, 0, 0, 5)))),
        ("Running Jobs", rng.choice(("None", "None", "None", "1"))),
    ]
