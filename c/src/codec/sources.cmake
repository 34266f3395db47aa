target_sources(netipc_objects PRIVATE
  ${CMAKE_CURRENT_LIST_DIR}/answers.c
  ${CMAKE_CURRENT_LIST_DIR}/describe.c
  ${CMAKE_CURRENT_LIST_DIR}/error.c
  ${CMAKE_CURRENT_LIST_DIR}/items.c
  ${CMAKE_CURRENT_LIST_DIR}/items_writer.c
  ${CMAKE_CURRENT_LIST_DIR}/reader.c
  ${CMAKE_CURRENT_LIST_DIR}/stitcher.c
  ${CMAKE_CURRENT_LIST_DIR}/string.c
  ${CMAKE_CURRENT_LIST_DIR}/table.c
  ${CMAKE_CURRENT_LIST_DIR}/writer.c
)
