# Writes the library's files as C++ raw strings.
set(text "#include \"stdlib/stdlib.h\"\n\nnamespace rollout::stdlib {\n\nconst File files[] = {\n")
foreach(file IN LISTS FILES)
  file(READ ${DIR}/${file} content)
  string(APPEND text "    {\"${file}\", R\"rollout_std(${content})rollout_std\"},\n")
endforeach()
string(APPEND text "    {nullptr, nullptr},\n};\n\n}  // namespace rollout::stdlib\n")
file(WRITE ${OUT} "${text}")
