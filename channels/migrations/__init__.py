"""The history of the tables of channels/record.py, run by Alembic."""
