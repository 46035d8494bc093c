# cmake -DINPUTS="NAME=FILE;…" -DOUTPUT=FILE.cpp -P embed.cmake: files as string literals
set(text "#include \"report/html_assets.hpp\"\n\nnamespace weir::report {\n")
foreach(input IN LISTS INPUTS)
  string(REGEX MATCH "^([a-z_]+)=(.*)$" matched "${input}")
  set(name "${CMAKE_MATCH_1}")
  file(READ "${CMAKE_MATCH_2}" content)
  string(APPEND text "\nconst std::string_view ${name} = R\"weir_asset(${content})weir_asset\";\n")
endforeach()
file(WRITE "${OUTPUT}" "${text}\n}  // namespace weir::report\n")
