"""The Parquet archive: how records become files, and how questions are put to them."""
