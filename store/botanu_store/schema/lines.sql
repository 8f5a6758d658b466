-- One row for each meter that is not NULL.
unpivot (from metered) on {meters}, emitter into name meter value quantity
