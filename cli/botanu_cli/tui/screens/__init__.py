"""The six screens, by number key, and the dialogs over them."""
