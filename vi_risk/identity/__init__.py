"""Who a record is about: keys, keyed pseudonyms, the encrypted link table, re-identification and its audit log."""
