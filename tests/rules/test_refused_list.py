"""Error 596 in place of the list: an account needs somebody, and the API does not say which."""

from bot.domain.accounts import Flag, FlagKind
from bot.domain.incidents import Ending, Reason, ServiceProblem, State
from bot.domain.messages import Purpose
from tests.rules.world import BLOCK, CAPTCHA, HOUR, MINUTE, MODERATION, A, World, flagged, started


def refused(world: World, text: str | None = MODERATION) -> None:
    """Let a poll meet the error; without a text, its account is known."""
    world.fail_poll(ServiceProblem.PENDING, Flag.of(text) if text else None)
    world.deliver()


def test_it_is_alerted_at_once_by_a_push_with_what_the_api_says() -> None:
    world = started()
    refused(world)
    (sent,) = world.pushes()
    assert (sent.at, sent.purpose) == (world.now, Purpose.SERVICE)
    assert sent.reasons == {"pending": Reason.OPENED}
    (service,) = world.service()
    assert (service.problem, service.flag) == (ServiceProblem.PENDING, Flag.of(MODERATION))


def test_it_is_alerted_once_and_over_with_the_next_good_list() -> None:
    world = started()
    for _ in range(60):
        refused(world, f"{MODERATION} Seen {world.now:%H:%M}.")
        world.now += MINUTE
    world.poll()
    world.deliver()
    assert len(world.pushes()) == 1
    (service,) = world.service()
    assert (service.state, service.ending) == (State.ENDED, Ending.RECOVERED)


def test_it_is_alerted_though_the_api_could_not_be_reached_before() -> None:
    world = started()
    world.run_without_api(10 * MINUTE)
    refused(world)
    assert [each.reasons for each in world.pushes()] == [
        {"unreachable": Reason.OPENED},
        {"pending": Reason.WORSE},
    ]


def test_an_outage_besides_does_not_hide_it() -> None:
    world = started()
    refused(world)
    world.run_without_api(10 * MINUTE)
    (service,) = world.service()
    assert (service.problem, service.flag) == (ServiceProblem.PENDING, Flag.of(MODERATION))
    assert len(world.pushes()) == 1


def test_a_heavier_kind_is_alerted_and_another_text_is_shown() -> None:
    world = started()
    refused(world, CAPTCHA)
    refused(world, "Are you human?")
    assert len(world.pushes()) == 1
    assert world.service()[0].flag == Flag.of("Are you human?")
    refused(world, BLOCK)
    assert [each.reasons["pending"] for each in world.pushes()] == [Reason.OPENED, Reason.WORSE]
    assert world.service()[0].worst_kind is FlagKind.BLOCK


def test_a_heavier_kind_is_alerted_also_where_the_error_was_news_of_an_outage() -> None:
    world = started()
    world.run_without_api(10 * MINUTE)
    refused(world, CAPTCHA)
    refused(world, BLOCK)
    assert [each.reasons for each in world.pushes()[1:]] == [{"pending": Reason.WORSE}] * 2


def test_an_error_that_comes_and_goes_with_another_problem_is_alerted_once() -> None:
    world = started()
    for _ in range(4):
        refused(world)
        world.fail_poll(ServiceProblem.TOKEN)
        world.deliver()
    assert [each.reasons for each in world.pushes()] == [
        {"pending": Reason.OPENED},
        {"token": Reason.WORSE},
    ]


def test_the_fourth_within_six_hours_is_alerted_if_it_stays() -> None:
    world = started()
    for _ in range(3):
        refused(world)
        world.now += MINUTE
        world.poll()
        world.deliver()
        world.now += HOUR
    begun, sent = world.now, len(world.pushes())
    while world.now < begun + 4 * HOUR:
        refused(world)
        world.now += MINUTE
    (push,) = world.pushes()[sent:]
    assert (push.at - begun, push.reasons) == (15 * MINUTE, {"pending": Reason.REMINDER})


def test_a_mute_keeps_it_back_but_not_a_block() -> None:
    world = started()
    world.mute(2 * HOUR)
    refused(world)
    assert world.pushes() == []
    refused(world, BLOCK)
    assert [each.reasons for each in world.pushes()] == [{"pending": Reason.WORSE}]
    while world.now < world.mutes[None] + HOUR:
        world.now += MINUTE
        refused(world, BLOCK)
    assert len(world.pushes()) == 1


def test_what_another_problem_takes_the_place_of_is_not_quoted_any_more() -> None:
    world = started()
    refused(world)
    world.fail_poll(ServiceProblem.TOKEN)
    assert (world.service()[0].problem, world.service()[0].flag) == (ServiceProblem.TOKEN, None)


def test_of_an_account_with_an_alert_of_its_own_only_the_blindness_is_alerted_and_that_later() -> None:
    world = flagged()
    refused(world, None)
    assert world.service() == []
    for _ in range(6):
        world.now += MINUTE
        refused(world, None)
    assert [each.reasons for each in world.pushes()] == [{A: Reason.OPENED}, {"pending": Reason.OPENED}]


def test_of_an_account_with_an_alert_of_its_own_an_outage_that_turns_into_it_is_no_news() -> None:
    world = flagged()
    world.run_without_api(10 * MINUTE)
    refused(world, None)
    assert [each.reasons for each in world.pushes()] == [{A: Reason.OPENED}, {"unreachable": Reason.OPENED}]
    refused(world)
    assert world.pushes()[-1].reasons == {"pending": Reason.WORSE}


def test_reminders_of_what_is_flagged_go_on() -> None:
    world = flagged()
    for _ in range(20):
        world.now += MINUTE
        refused(world, None)
        world.tick()
    assert world.pushes()[-1].reasons == {A: Reason.REMINDER}


def test_the_polls_keep_their_pace() -> None:
    world = started()
    refused(world)
    before = world.now
    world.run(MINUTE)
    assert world.now == before + MINUTE
    assert world.service()[0].ended
