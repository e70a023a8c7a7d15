-- A small motorcycle, laid over OSRM's car: narrower, no faster than 60 km/h, on tracks too, not on motorways.

api_version = 4

local car = require('car')

local function setup()
  local profile = car.setup()

  profile.vehicle_width = 0.9
  profile.vehicle_height = 1.8
  profile.vehicle_length = 2.2
  profile.vehicle_weight = 250
  profile.vehicle_max_speed = 60

  profile.access_tags_hierarchy = Sequence { 'motorcycle', 'motor_vehicle', 'vehicle', 'access' }
  profile.restrictions = Sequence { 'motorcycle', 'motor_vehicle', 'vehicle' }
  profile.access_tag_whitelist['motorcycle'] = true

  local highway = profile.speeds.highway
  highway.motorway = nil
  highway.motorway_link = nil
  highway.living_street = 15
  highway.track = 15

  return profile
end

return {
  setup = setup,
  process_way = car.process_way,
  process_node = car.process_node,
  process_turn = car.process_turn
}
