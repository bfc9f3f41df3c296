"""How the admin formats values in English, its only language (FORMAT_MODULE_PATH)."""
