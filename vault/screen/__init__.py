"""Finding card data and cutting it out before anything is archived."""
