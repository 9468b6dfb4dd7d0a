"""All benchmarks, as ``make bench`` runs them."""

from benchmarks import (
    api_requests,
    control_room,
    index_path,
    match_quality,
    match_scale,
    near_real_time,
    publish_path,
    read_path,
    soap_rows,
    standardise,
    tables,
    ten_connections,
)

read_path.main()
ten_connections.main()
soap_rows.main()
tables.main()
publish_path.main()
near_real_time.main([])
standardise.show(100_000)
match_quality.main([])
match_scale.main([])
index_path.main([])
api_requests.main([])
control_room.main([])
