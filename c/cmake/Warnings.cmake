# The flags that this project builds its own code with: every warning of them is an error when NETIPC_STRICT is on, which
# it never is in somebody else's build.
function(netipc_own_flags target)
  set_target_properties(${target} PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
  if(NETIPC_STRICT)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror
      $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wvla>)
  endif()
  if(NETIPC_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${NETIPC_SANITIZE} -fno-sanitize-recover=all
      -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${NETIPC_SANITIZE})
  endif()
  if(NETIPC_FUZZERS)
    # Tells libFuzzer what an input reaches.
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()
