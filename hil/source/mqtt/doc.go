// Package mqtt hears of a facility from an MQTT broker: sensors, gateways of building management, power meters.
//
// An address of a point is a topic, without wildcards: site/crah1/supply. A message is a number as text, or a JSON document; then
// field says where in it the number is, as readings.0.value, and time where it says when: seconds or milliseconds since 1970, or
// RFC 3339. Several points may have one topic. Without a time a reading has that of its arrival; a retained message without a time is
// left out, as nobody knows how old it is. Of what is no number one is told, and the rest counts.
//
// server: tcp://HOST:1883, or tls://HOST:8883. A password is sent over tls only, but on this machine.
//
// Subscriptions are of quality 1 in a session that the broker keeps ([Login].Client names it): what was published while this twin or
// its line was away comes afterwards, as far as the broker's queue reaches; give messages a time so that they count as what they
// are. At most 100,000 readings wait to be taken; what is more is dropped, the oldest first, and told.
//
// MQTT 3.1.1 (OASIS).
package mqtt
