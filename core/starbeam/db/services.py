"""Writing rows through advanced-alchemy's services, on models whose columns a database may lack."""

from __future__ import annotations

from typing import Any, cast

from advanced_alchemy.exceptions import wrap_sqlalchemy_exception
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import ModelT, SQLAlchemyAsyncRepositoryService
from sqlalchemy import inspect


class Service(SQLAlchemyAsyncRepositoryService[ModelT]):
    """A service whose `update` reads no column: advanced-alchemy's reads every one before it sets any.

    Errors of the database come as SQLAlchemy's own, unless `wrap_exceptions` is asked for: wrapped, a
    database that went away would look like a value that it refuses.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"wrap_exceptions": False, **options})

    async def update(self, data: Any, item_id: Any | None = None, **options: Any) -> ModelT:
        """Set on a row what `data` (a dict, a Struct, a model instance) names, and return the row.

        Raises:
            NotFoundError: there is no row `item_id`.
            IntegrityError: the database refuses the values (SQLAlchemy's).
        """
        changes = await self.to_model(data, "update")
        key = self.repository.id_attribute
        row: ModelT = await self.repository.get(getattr(changes, key) if item_id is None else item_id)
        values = inspect(changes).dict
        for attribute in inspect(type(row)).column_attrs:
            if attribute.key in values and attribute.key != key:
                setattr(row, attribute.key, values[attribute.key])
        session, wrap = self.repository.session, self.repository.wrap_exceptions
        with wrap_sqlalchemy_exception(dialect_name=session.get_bind().dialect.name, wrap_exceptions=wrap):
            await session.flush()
            await session.refresh(row)
        return row


def service(model: type[ModelT]) -> type[Service[ModelT]]:
    """The service of a model, by its primary key of one column."""
    (key,) = inspect(model).primary_key
    repository = type(
        f"{model.__name__}Repository",
        (SQLAlchemyAsyncRepository,),
        {"model_type": model, "id_attribute": key.key},
    )
    made = type(f"{model.__name__}Service", (Service,), {"repository_type": repository})
    return cast("type[Service[ModelT]]", made)
