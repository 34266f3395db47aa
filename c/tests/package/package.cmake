# Run by ctest; see CMakeLists.txt for the variables.
set(prefix ${WORK_DIR}/prefix)
set(libdir ${prefix}/${LIBDIR})
file(REMOVE_RECURSE ${WORK_DIR})
if(SANITIZE)
  string(APPEND CFLAGS " -fsanitize=${SANITIZE}")
endif()
string(STRIP "${CFLAGS}" CFLAGS)
separate_arguments(flags UNIX_COMMAND "${CFLAGS}")

# Runs a command; its output goes into `output`.
macro(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN} ended with ${result}:\n${output}\n${errors}")
  endif()
endmacro()

function(check_program)
  run(${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${libdir} ${ARGN})
  if(NOT output STREQUAL VERSION)
    message(FATAL_ERROR "${ARGN} prints '${output}', not '${VERSION}'")
  endif()
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix} --config ${CONFIG})

# With find_package.
run(${CMAKE_COMMAND} -S ${SOURCE_DIR}/consumer -B ${WORK_DIR}/consumer -G ${GENERATOR}
  -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_C_COMPILER=${CC} -D "CMAKE_C_FLAGS=${CFLAGS}")
run(${CMAKE_COMMAND} --build ${WORK_DIR}/consumer)
check_program(${WORK_DIR}/consumer/consumer_shared)
check_program(${WORK_DIR}/consumer/consumer_static)

# The example, on its own, and its test.
set(example ${SOURCE_DIR}/../../../examples/ip-to-asn/c)
if(EXISTS ${example})
  run(${CMAKE_COMMAND} -S ${example} -B ${WORK_DIR}/example -G ${GENERATOR}
    -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_C_COMPILER=${CC} -D "CMAKE_C_FLAGS=${CFLAGS}")
  run(${CMAKE_COMMAND} --build ${WORK_DIR}/example)
  run(${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${libdir} ${WORK_DIR}/example/ip_to_asn_test)
endif()

# As a part of another project: neither our tests nor our install rules come along.
run(${CMAKE_COMMAND} -S ${SOURCE_DIR}/consumer -B ${WORK_DIR}/included -G ${GENERATOR}
  -D NETIPC_SOURCE_DIR=${SOURCE_DIR}/../../.. -D CMAKE_C_COMPILER=${CC} -D "CMAKE_C_FLAGS=${CFLAGS}")
run(${CMAKE_COMMAND} --build ${WORK_DIR}/included)
check_program(${WORK_DIR}/included/consumer_shared)
check_program(${WORK_DIR}/included/consumer_static)
if(EXISTS ${WORK_DIR}/included/netipc/c/tests OR EXISTS ${WORK_DIR}/included/netipc/c/netipc.pc)
  message(FATAL_ERROR "an including project gets tests or install rules")
endif()

# With pkg-config.
find_program(PKG_CONFIG NAMES pkgconf pkg-config REQUIRED)
set(ENV{PKG_CONFIG_PATH} ${libdir}/pkgconfig)
run(${PKG_CONFIG} --modversion netipc)
if(NOT output STREQUAL VERSION)
  message(FATAL_ERROR "pkg-config knows version '${output}', not '${VERSION}'")
endif()
run(${PKG_CONFIG} --cflags netipc)
separate_arguments(cflags UNIX_COMMAND "${output}")
run(${PKG_CONFIG} --libs netipc)
separate_arguments(libs UNIX_COMMAND "${output}")
run(${CC} ${flags} ${cflags} ${SOURCE_DIR}/consumer/consumer.c -o ${WORK_DIR}/pc_shared ${libs})
check_program(${WORK_DIR}/pc_shared)
run(${PKG_CONFIG} --variable=libdir netipc)
run(${CC} ${flags} ${cflags} ${SOURCE_DIR}/consumer/consumer.c -o ${WORK_DIR}/pc_static ${output}/libnetipc.a)
check_program(${WORK_DIR}/pc_static)

# The shared library exports what begins with netipc_, and nothing private.
if(SHARED)
  find_program(NM NAMES nm REQUIRED)
  run(${NM} --dynamic --defined-only --extern-only ${libdir}/libnetipc.so)
  string(REPLACE "\n" ";" symbols "${output}")
  set(count 0)
  foreach(symbol ${symbols})
    if(NOT symbol MATCHES " [A-Z] (netipc_[a-z0-9][a-z0-9_]*(@@NETIPC_[0-9.]+)?|NETIPC_[0-9.]+(@@NETIPC_[0-9.]+)?)$")
      message(FATAL_ERROR "the shared library exports: ${symbol}")
    endif()
    math(EXPR count "${count} + 1")
  endforeach()
  if(count LESS 2)
    message(FATAL_ERROR "the shared library exports nothing")
  endif()
endif()
