"""Groups, permissions and runtime options."""

from __future__ import annotations

from support.expected import Cost, Route, allowed, everybody

ADMINISTRATOR = allowed("administrator")
DONE = allowed("administrator", status=204)

ROUTES = {
    "GET /options/ui": Route(everybody(), open=True),
    "GET /options": Route(ADMINISTRATOR),
    "PATCH /options": Route(ADMINISTRATOR, body={"query_debug": True, "create_person_on_missing": True}),
    "GET /admin/activity": Route(ADMINISTRATOR, cost=Cost(statements=2, reads=8)),
    "GET /admin/groups": Route(ADMINISTRATOR, cost=Cost(statements=2, reads=8)),
    "POST /admin/groups": Route(ADMINISTRATOR, body={"name": "new"}),
    "PATCH /admin/groups/{userGroupId}": Route(ADMINISTRATOR, "/admin/groups/1", body={"name": "other"}),
    "POST /admin/groups/{userGroupId}/permission": Route(
        DONE, "/admin/groups/1/permission", body={"permissionId": 2}
    ),
    "DELETE /admin/groups/{userGroupId}/permission/{permissionId}": Route(
        DONE, "/admin/groups/1/permission/1"
    ),
    "POST /admin/groups/{userGroupId}/person": Route(DONE, "/admin/groups/1/person", body={"personId": 1}),
    "DELETE /admin/groups/{userGroupId}/person/{personId}": Route(DONE, "/admin/groups/1/person/2"),
    "GET /admin/permissions": Route(ADMINISTRATOR, cost=Cost(statements=2, reads=8)),
    "POST /admin/permissions": Route(ADMINISTRATOR, body={"type": "new"}),
    "PATCH /admin/permissions/{permissionId}": Route(
        ADMINISTRATOR, "/admin/permissions/1", body={"description": "other"}
    ),
}
