-- An OTLP value as text: scalars as they are, an array of scalars as a JSON array; anything nested deeper keeps its OTLP form.
create or replace temp macro botanu_element(v) as coalesce(
    to_json(v.stringValue)::varchar, v.intValue, v.doubleValue, v.boolValue, v.arrayValue::varchar, v.kvlistValue::varchar, 'null'
);
create or replace temp macro botanu_value(v) as left(coalesce(
    v.stringValue, v.intValue, v.doubleValue, v.boolValue,
    case when v.arrayValue is not null then
        '[' || coalesce(array_to_string(list_transform(from_json(json_extract(v.arrayValue, '$.values'), '{array_shape}'), lambda x: botanu_element(x)), ','), '') || ']'
    end,
    v.kvlistValue::varchar, v.bytesValue, ''
), {value_limit});

-- Attributes that may stay: no content, no key twice (the first wins, of one the last: see columns.py), no endless key, no more than the limit.
create or replace temp macro botanu_kept(entries) as list_filter(
    entries[1:{attribute_limit}], lambda e: e.key is not null and length(e.key) <= {key_limit} and not {content_test}
);
create or replace temp macro botanu_entry(e) as struct_pack(
    key := e.key,
    value := case when e.key in ({reduced_keys}) then left({reduced_value}, {value_limit}) else botanu_value(e.value) end
);
create or replace temp macro botanu_unrepeated(entries) as list_filter(
    entries, lambda e, i: case
        when e.key = '{last_wins}' then not list_contains(list_transform(entries[i + 1:], lambda o: o.key), e.key)
        else list_position(list_transform(entries, lambda o: o.key), e.key) = i
    end
);
-- What a macro is given stands in it as often as it is named there, and is planned each time; a list of one is planned once.
-- Asked first, not tried: an error caught for each of many rows takes a hundred times as long.
create or replace temp macro botanu_attributes(entries) as list_transform(
    [botanu_kept(entries)],
    lambda kept: map_from_entries(list_transform(
        case
            when list_unique(list_transform(kept, lambda e: e.key)) = len(kept) then kept
            else botanu_unrepeated(kept)
        end,
        lambda e: botanu_entry(e)
    ))
)[1];

-- A resource is kept as text, which takes next to nothing of the disk where many spans have the same. In memory it is there for each of them; a large
-- one, times the spans of a request, would be gigabytes.
create or replace temp macro botanu_shared(said) as list_transform([said], lambda s: case
    when list_sum(list_transform(map_entries(s), lambda e: length(e.key) + length(e.value))) > {shared_limit} then
        map_from_entries(list_transform(
            list_filter(map_entries(s), lambda e: length(e.key) <= {short_limit})[1:{shared_count}],
            lambda e: struct_pack(key := e.key, value := left(e.value, {short_limit}))
        ))
    else s
end)[1];

-- What the columns of a span are made of, whichever way it came.
create or replace temp macro botanu_service(said) as left(coalesce(said['service.name'], ''), 256);
create or replace temp macro botanu_resource(said) as coalesce(to_json(said)::varchar, '{}');
create or replace temp macro botanu_run_id(said) as left(nullif(said['botanu.run_id'], ''), 256);
create or replace temp macro botanu_usable(trace, span, start) as coalesce(
    regexp_full_match(trace, '[0-9a-f]{32}') and regexp_full_match(span, '[0-9a-f]{16}') and start > 0, false
);
