# Everything comes from Debian packages; scripts/install_dependencies.sh installs them.
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Boost REQUIRED)
find_package(Protobuf REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
find_package(SQLite3 REQUIRED)
find_package(Threads REQUIRED)

# SystemC 2.3.4 ships a pkg-config file only, and was built as C++17: a C++20 program links when it
# says so (DESIGN.md section 7).
find_package(PkgConfig REQUIRED)
pkg_check_modules(SYSTEMC REQUIRED IMPORTED_TARGET systemc)
add_library(presil_systemc INTERFACE)
target_link_libraries(presil_systemc INTERFACE PkgConfig::SYSTEMC)
target_compile_definitions(presil_systemc INTERFACE SC_CPLUSPLUS=201703L SC_INCLUDE_DYNAMIC_PROCESSES)

# libonnx is compiled with these two, and its headers need them.
add_library(onnx SHARED IMPORTED)
find_library(ONNX_LIBRARY onnx REQUIRED)
find_library(ONNX_PROTO_LIBRARY onnx_proto REQUIRED)
set_target_properties(onnx PROPERTIES IMPORTED_LOCATION ${ONNX_LIBRARY})
add_library(onnx_proto SHARED IMPORTED)
set_target_properties(onnx_proto PROPERTIES IMPORTED_LOCATION ${ONNX_PROTO_LIBRARY})
set_property(TARGET onnx onnx_proto PROPERTY INTERFACE_COMPILE_DEFINITIONS
             "ONNX_ML=1;ONNX_NAMESPACE=onnx")

# Boosted trees are trained by XGBoost's C API. Its CMake package asks for more than that needs.
find_library(XGBOOST_LIBRARY xgboost REQUIRED)
find_path(XGBOOST_INCLUDE xgboost/c_api.h REQUIRED)
add_library(xgboost SHARED IMPORTED)
set_target_properties(xgboost PROPERTIES IMPORTED_LOCATION ${XGBOOST_LIBRARY}
                      INTERFACE_INCLUDE_DIRECTORIES ${XGBOOST_INCLUDE})
