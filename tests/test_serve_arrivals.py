"""Results of other threads on the event loop: each is told once, whatever the order, and nobody who left is waited for."""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from konomi.serve.arrivals import Arrivals


def test_each_result_arrives_whatever_the_threads_and_the_order():
    async def all_of_them():
        arrivals, futures = Arrivals(), [Future() for _ in range(2_000)]
        for n in range(0, 2_000, 7):
            futures[n].set_result(n)  # before anybody waits
        waiting = asyncio.gather(*(arrivals.result(future) for future in futures))
        with ThreadPoolExecutor(4) as pool:
            for n in reversed(range(2_000)):
                if n % 7:
                    pool.submit(futures[n].set_result, n)
            return await asyncio.wait_for(waiting, 30)

    assert asyncio.run(all_of_them()) == list(range(2_000))


def test_what_it_raises_is_raised_and_who_left_is_passed_over():
    async def one_leaves():
        arrivals, failed, left, after = Arrivals(), Future(), Future(), Future()
        gone = asyncio.create_task(arrivals.result(left))
        others = [asyncio.create_task(arrivals.result(future)) for future in (failed, after)]
        await asyncio.sleep(0)
        gone.cancel()
        left.set_result(1)
        failed.set_exception(ValueError("not written"))
        after.set_result(2)
        with pytest.raises(ValueError, match="not written"):
            await others[0]
        assert await others[1] == 2 and not left.cancelled()

    asyncio.run(asyncio.wait_for(one_leaves(), 10))
