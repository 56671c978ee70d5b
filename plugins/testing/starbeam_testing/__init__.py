"""For tests of plugins: an app on a fresh database, people to call it as, and rows.

pytest loads the fixtures `db`, `make_app` and `as_user` by itself when starbeam-testing is installed.

    pytestmark = pytest.mark.anyio

    async def test_greets(make_app, as_user):
        app = await make_app("ispyb", "hello")
        answer = await app.client.get("/hello", headers=await as_user(app, "abcd"))
        assert answer.json() == {"greeting": "Hello, abcd"}

What Starbeam demands of every plugin is a class of tests:

    class TestHello(PluginContract):
        plugin = "hello"
"""

from starbeam_testing.contract import PluginContract

__all__ = ["PluginContract"]
