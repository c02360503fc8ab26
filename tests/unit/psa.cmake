# SPDX-License-Identifier: Apache-2.0
# The application's library in front of SBM's service: two sets of functions with the same names, of which the service's are hidden in one object.
include(${CMAKE_SOURCE_DIR}/app/psa/sources.cmake)
add_library(wl_psa_client STATIC ${APP_PSA_SOURCES} psa_answers.c psa_answers_key.c)
target_compile_options(wl_psa_client PRIVATE ${WINDLASS_WARNINGS})
target_include_directories(wl_psa_client PUBLIC ${CMAKE_SOURCE_DIR}/sbm/include)
target_include_directories(wl_psa_client SYSTEM PUBLIC ${APP_PSA_INCLUDES})
target_compile_definitions(wl_psa_client PUBLIC ${APP_PSA_DEFINITIONS})
add_library(wl_psa_door OBJECT psa_door.c)
target_compile_options(wl_psa_door PRIVATE ${WINDLASS_WARNINGS} -UNDEBUG)
target_include_directories(wl_psa_door PRIVATE ${CMAKE_SOURCE_DIR}/sbm/include)
windlass_test(sbm_crypto_test SOURCES sbm_crypto_test.c $<TARGET_OBJECTS:wl_psa_door> LIBS wl_psa_client wl_boot_maker)
windlass_test(sbm_crypto_random_test SOURCES sbm_crypto_random_test.c $<TARGET_OBJECTS:wl_psa_door> LIBS wl_psa_client wl_boot_maker)
