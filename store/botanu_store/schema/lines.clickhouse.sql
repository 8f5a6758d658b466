-- One row for each meter that is not NULL.
select * except ({meters}, emitter), line.1 as meter, line.2 as quantity
from metered
array join arrayFilter(pair -> pair.2 is not null, [{pairs}]) as line
