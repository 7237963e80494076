# SPDX-License-Identifier: MIT
"""The users API on Flask, SQLAlchemy and Redis, for gunicorn. A record is
read as the manuals teach: a session a request, an object of the mapper."""
import os

import flask
import redis
import sqlalchemy as sa
from sqlalchemy import orm

import rows

app = flask.Flask(__name__)
store = redis.Redis.from_url(os.environ['REDIS_URL'])
# A read needs no transaction: without one, a query is one round trip.
engine = sa.create_engine(os.environ['DATABASE_URL'],
                          isolation_level='AUTOCOMMIT',
                          pool_size=8, max_overflow=0)  # one a thread
Session = orm.sessionmaker(engine)


@app.get('/api/v1/users/<int:user_id>')
def one(user_id):
    with Session() as db:
        user = db.get(rows.User, user_id)
        if user is None:
            flask.abort(404)
        return rows.record(user)


def ask_page(page):
    with engine.connect() as db:
        found = db.execute(rows.select_page, rows.page_values(page)).all()
        total = db.execute(rows.count_all).scalar_one()
    return rows.to_json(rows.envelope(page, total, found))


@app.get('/api/v1/users')
def page():
    number = flask.request.args.get('page', 1, type=int)
    key = rows.key('flask', number)
    text = store.get(key)
    if text is None:
        text = ask_page(number)
        store.setex(key, rows.LIST_SECONDS, text)
    return flask.Response(text, mimetype='application/json')
