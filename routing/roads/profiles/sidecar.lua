-- A motorcycle with a sidecar, the saleng: a motorcycle that is wider and no faster than 35 km/h.

api_version = 4

local motorcycle = require('motorcycle')

local function setup()
  local profile = motorcycle.setup()

  profile.vehicle_width = 1.6
  profile.vehicle_max_speed = 35

  return profile
end

return {
  setup = setup,
  process_way = motorcycle.process_way,
  process_node = motorcycle.process_node,
  process_turn = motorcycle.process_turn
}
