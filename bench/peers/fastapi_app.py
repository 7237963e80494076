# SPDX-License-Identifier: MIT
"""The users API on FastAPI, SQLAlchemy and Redis, for uvicorn. A record is
read twice over: as FastAPI's manual teaches (an object of the mapper, from a
session that the request depends on, checked against a model), and, under
/tuned, with all that can be left out left out."""
import os

import fastapi
import pydantic
import redis.asyncio
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.ext.asyncio import create_async_engine

import rows

app = fastapi.FastAPI()
store = redis.asyncio.Redis.from_url(os.environ['REDIS_URL'])
address = os.environ['DATABASE_URL'].split('://', 1)[1]
# A read needs no transaction: without one, a query is one round trip.
options = {'isolation_level': 'AUTOCOMMIT', 'pool_size': 8, 'max_overflow': 0}
engine = sa.create_engine(f'postgresql+psycopg2://{address}', **options)
tuned = create_async_engine(f'postgresql+asyncpg://{address}', **options)
Session = orm.sessionmaker(engine)


class Record(pydantic.BaseModel):
    id: int
    collectionName: str
    name: str
    email: str
    role: str
    active: bool
    created: str
    updated: str


def session():
    with Session() as db:
        yield db


def json_reply(text):
    return fastapi.Response(text, media_type='application/json')


@app.get('/api/v1/users/{user_id}', response_model=Record)
def one(user_id: int, db: orm.Session = fastapi.Depends(session)):
    user = db.get(rows.User, user_id)
    if user is None:
        raise fastapi.HTTPException(404)
    return rows.record(user)


@app.get('/tuned/api/v1/users/{user_id}')
async def one_tuned(user_id: int):
    async with tuned.connect() as db:
        row = (await db.execute(rows.select_one, {'id': user_id})).first()
    if row is None:
        raise fastapi.HTTPException(404)
    return json_reply(rows.to_json(rows.record(row)))


async def ask_page(page):
    async with tuned.connect() as db:
        found = await db.execute(rows.select_page, rows.page_values(page))
        total = await db.execute(rows.count_all)
        return rows.to_json(
            rows.envelope(page, total.scalar_one(), found.all()))


@app.get('/api/v1/users')
async def page(page: int = 1):
    key = rows.key('fastapi', page)
    text = await store.get(key)
    if text is None:
        text = await ask_page(page)
        await store.setex(key, rows.LIST_SECONDS, text)
    return json_reply(text)
