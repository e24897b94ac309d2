"""How well card data is found and cut, per medium and disguise, on a corpus made here with exact truth."""
