"""What the store answers: each report a function here and its SQL, one text for both engines, in sql/."""
