from lerecord.fleet.engine_process import Pool

MANAGER, FIRST, SECOND, THIRD = 4, 5, 6, 7  # as they are started


def test_a_stage_begins_with_fewer_than_all() -> None:
    pool = Pool(2)
    assert not pool.has_lost_one(set())
    assert not pool.has_lost_one({MANAGER})
    assert not pool.has_lost_one({MANAGER, FIRST})
    assert not pool.has_lost_one({MANAGER, FIRST, SECOND})


def test_a_worker_that_was_seen_and_is_gone_is_lost() -> None:
    pool = Pool(2)
    assert not pool.has_lost_one({MANAGER, FIRST, SECOND})
    assert pool.has_lost_one({MANAGER, SECOND, THIRD})
    assert pool.has_lost_one({MANAGER, SECOND})


def test_a_worker_that_was_replaced_before_it_was_seen_is_lost() -> None:
    assert Pool(2).has_lost_one({MANAGER, SECOND, THIRD})


def test_the_stage_behind_another_has_a_pool_of_its_own() -> None:
    before = Pool(2)
    assert not before.has_lost_one({MANAGER, FIRST, SECOND})
    assert not Pool(2).has_lost_one({MANAGER + 3, FIRST + 3, SECOND + 3})


def test_the_manager_may_be_lost_too() -> None:
    pool = Pool(2)
    assert not pool.has_lost_one({MANAGER, FIRST, SECOND})
    assert pool.has_lost_one({FIRST, SECOND})
