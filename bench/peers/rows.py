# SPDX-License-Identifier: MIT
"""The part of the API that both Python peers share: the appliance's own
table of users, and what a record looks like as JSON."""
import datetime
import json

import sqlalchemy as sa
from sqlalchemy import orm

PER_PAGE = 30
LIST_SECONDS = 60  # the appliance's app.json says the same

Base = orm.declarative_base()


class User(Base):
    __tablename__ = 'users'
    id = sa.Column(sa.BigInteger, primary_key=True)
    name = sa.Column(sa.Text)
    email = sa.Column(sa.Text)
    role = sa.Column(sa.Text)
    active = sa.Column(sa.Boolean)
    created = sa.Column(sa.BigInteger)
    updated = sa.Column(sa.BigInteger)


# Built once, over the columns: rows come without the costs of objects.
users = User.__table__
select_one = sa.select(users).where(users.c.id == sa.bindparam('id'))
select_page = sa.select(users).order_by(users.c.id).limit(
    sa.bindparam('n')).offset(sa.bindparam('skip'))
count_all = sa.select(sa.func.count()).select_from(users)


def time_text(ms):
    at = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
    return at.isoformat(timespec='milliseconds')[:-6] + 'Z'


def record(row):
    return {
        'id': row.id, 'collectionName': 'users', 'name': row.name,
        'email': row.email, 'role': row.role, 'active': row.active,
        'created': time_text(row.created), 'updated': time_text(row.updated),
    }


def envelope(page, total, rows):
    return {
        'page': page, 'perPage': PER_PAGE, 'totalItems': total,
        'totalPages': -(-total // PER_PAGE),
        'items': [record(row) for row in rows],
    }


def to_json(value):
    return json.dumps(value, separators=(',', ':'), ensure_ascii=False)


def page_values(page):
    return {'n': PER_PAGE, 'skip': (page - 1) * PER_PAGE}


def key(peer, page):
    """The peers share one Redis: each has keys of its own."""
    return f'{peer}:users:{page}'
