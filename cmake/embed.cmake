# cmake -DOUT=… -DDIR=… -DFILES=… -DHEADER=… -DNAMESPACE=… -DARRAY=… -P embed.cmake
# Writes the files as C++ raw strings: ARRAY (`File files`) of {name, text}, declared in HEADER, ended by nulls.
set(text "#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\n\nconst ${ARRAY}[] = {\n")
foreach(file IN LISTS FILES)
  file(READ ${DIR}/${file} content)
  string(APPEND text "    {\"${file}\", R\"rollout_std(${content})rollout_std\"},\n")
endforeach()
string(APPEND text "    {nullptr, nullptr},\n};\n\n}  // namespace ${NAMESPACE}\n")
file(WRITE ${OUT} "${text}")
