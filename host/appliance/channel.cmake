# SPDX-License-Identifier: Apache-2.0
# The appliance's end of the secure channel to a chip.
windlass_library(wl_appliance_channel SOURCES channel.c channel_vendor.c LIBS wl_channel wl_wire_channel wl_host)
