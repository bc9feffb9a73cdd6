// What a program expects of cuda.h that does not call the driver interface: its version and the names of its handles.
// The functions cu… are not part of the CPU device, so a call of one is a compile-time error that names it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#define CUDA_VERSION 13000

typedef unsigned long long CUdeviceptr;
typedef int CUdevice;
typedef struct CUctx_st* CUcontext;
typedef struct CUmod_st* CUmodule;
typedef struct CUfunc_st* CUfunction;
typedef struct CUstream_st* CUstream;
typedef struct CUevent_st* CUevent;
typedef struct CUgraph_st* CUgraph;
typedef struct CUgraphNode_st* CUgraphNode;
typedef struct CUgraphExec_st* CUgraphExec;
